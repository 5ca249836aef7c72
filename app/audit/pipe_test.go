package audit_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/audit"
	"github.com/claimgate/claimgate/app/gateway"
)

// hangs ends a test that hangs.
const hangs = time.Minute

func newPipe(t *testing.T) string {
	t.Helper()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	return fifo
}

// reading opens a pipe as its reader, without waiting for a writer.
func reading(t *testing.T, fifo string) *os.File {
	t.Helper()
	reader, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	return reader
}

// atOnce returns f's result. It fails the test if f waits for a reader of the pipe.
func atOnce(t *testing.T, fifo string, f func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-time.After(hangs):
		reader := reading(t, fifo)
		err := <-done
		_ = reader.Close()
		t.Fatalf("it waited for a reader of the pipe; then: %v", err)
		return nil
	}
}

func readLine(t *testing.T, reader *os.File) string {
	t.Helper()
	if err := reader.SetReadDeadline(time.Now().Add(hangs)); err != nil {
		t.Fatal(err)
	}
	text, err := bufio.NewReader(reader).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func wantNoReader(t *testing.T, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), "nobody reads") || !strings.Contains(err.Error(), "audit.output") {
		t.Errorf("a pipe without a reader: %v", err)
	}
}

// If the start waited for a reader, no request would get an answer, and nothing would say why.
func TestOpenRefusesAPipeWithoutAReader(t *testing.T) {
	for name, with := range map[string][]audit.Option{"plain": nil, "chained": {audit.Chained()}} {
		t.Run(name, func(t *testing.T) {
			fifo := newPipe(t)
			wantNoReader(t, atOnce(t, fifo, func() error {
				l, err := audit.Open(fifo, "all", with...)
				if err == nil {
					_ = l.Close()
				}
				return err
			}))
		})
	}
}

// The reader of a pipe may end and return. A SIGHUP in between must neither wait for the reader nor close
// the pipe.
func TestReopenKeepsAPipeWhoseReaderHasEnded(t *testing.T) {
	for name, with := range map[string][]audit.Option{"plain": nil, "chained": {audit.Chained()}} {
		t.Run(name, func(t *testing.T) {
			fifo := newPipe(t)
			reader := reading(t, fifo)
			l, err := audit.Open(fifo, "all", append(with, patient)...)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
			if err := reader.Close(); err != nil {
				t.Fatal(err)
			}
			if err := l.Write(entry(gateway.NoToken)); err == nil {
				t.Error("a line that nobody can read is no error")
			}
			if err := atOnce(t, fifo, l.Reopen); err != nil {
				t.Errorf("reopening the same pipe: %v", err)
			}
			reader = reading(t, fifo)
			if err := l.Write(entry(gateway.TokenExpired)); err != nil {
				t.Fatal(err)
			}
			if text := readLine(t, reader); !strings.Contains(text, `"lost":1`) {
				t.Errorf("the next reader is told %s", text)
			}
		})
	}
}

func TestReopenRefusesAnotherPipeWithoutAReader(t *testing.T) {
	fifo := newPipe(t)
	reader := reading(t, fifo)
	l, err := audit.Open(fifo, "all", patient)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	if err := os.Rename(newPipe(t), fifo); err != nil {
		t.Fatal(err)
	}
	wantNoReader(t, atOnce(t, fifo, l.Reopen))
	if err := l.Write(entry(gateway.NoToken)); err != nil {
		t.Fatal(err)
	}
	if text := readLine(t, reader); !strings.Contains(text, string(gateway.NoToken)) {
		t.Errorf("the old pipe got %s", text)
	}
}

// A SIGHUP must not wait while the writer waits for a slow reader.
func TestReopeningAPipeThatStallsDoesNotWait(t *testing.T) {
	l, reader := stalled(t)
	if err := l.Write(entry(gateway.NoToken)); err == nil {
		t.Fatal("a full pipe took a line")
	}
	done := make(chan error, 1)
	go func() { done <- l.Reopen() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(hangs):
		t.Error("it waits for the writer")
	}
	in := bufio.NewScanner(reader)
	for in.Scan() && in.Text() == "" {
	}
	if !strings.Contains(in.Text(), string(gateway.NoToken)) {
		t.Errorf("the line that waited is %s", in.Text())
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
