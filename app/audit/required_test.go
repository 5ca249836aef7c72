package audit_test

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/audit"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/testsupport/pipe"
	"github.com/claimgate/claimgate/internal/testsupport/wait"
)

// numbered returns an entry whose id is n.
func numbered(n int, reason gateway.Reason) *audit.Entry {
	e := entry(reason)
	binary.BigEndian.PutUint64(e.Decision.ID[8:], uint64(n))
	return e
}

// answer writes an entry as the server does, and returns the reason of the answer.
func answer(l *audit.Log, e *audit.Entry) gateway.Reason {
	if err := l.Write(e); err != nil && e.Decision.Allow() && l.Denies() {
		e.Decision.Reason = gateway.InternalError
		l.WriteDeny(e)
	}
	return e.Decision.Reason
}

func TestARequiredLogDeniesWhatItCannotWriteAndRecovers(t *testing.T) {
	var mu sync.Mutex
	var notices []audit.Notice
	file := filepath.Join(t.TempDir(), "decisions.jsonl")
	l, err := audit.Open(file, "all", patient, audit.Required(), audit.Notify(func(n audit.Notice) {
		mu.Lock()
		defer mu.Unlock()
		notices = append(notices, n)
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	if got := answer(l, numbered(1, gateway.PolicyAllow)); got != gateway.PolicyAllow {
		t.Fatalf("an allow that is written became %s", got)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	restore := limitFileSize(t, uint64(info.Size())+20)
	for n := 2; n < 12; n++ {
		if got := answer(l, numbered(n, gateway.PolicyAllow)); got.Allows() {
			t.Errorf("an allow that could not be written was answered")
		}
	}
	if got := answer(l, numbered(12, gateway.NoToken)); got != gateway.NoToken {
		t.Errorf("a deny that could not be written became %s", got)
	}
	s := l.State()
	if !s.Failing || !strings.Contains(s.Error, "file too large") || s.Since.IsZero() || s.Denied != 10 || s.Lost != 11 {
		t.Errorf("while it fails the state is %+v", s)
	}
	restore()
	if got := answer(l, numbered(13, gateway.PolicyAllow)); got != gateway.PolicyAllow {
		t.Errorf("once the output takes lines again, an allow became %s", got)
	}
	if s := l.State(); s.Failing || s.Error != "" || s.Lost != 11 {
		t.Errorf("once it has recovered the state is %+v", s)
	}
	if c := l.Counts(); c.Written != 2 || c.Lost != 11 || c.Denied != 10 || c.Skipped != 0 {
		t.Errorf("counts are %+v", c)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(rows) != 4 || !strings.Contains(rows[2], `"event":"lost","lost":11,`) || !strings.Contains(rows[3], `0000000d"`) {
		t.Errorf("the log holds %q", rows)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, "two notices", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(notices) == 2
	})
	if notices[0].Recovered || !notices[0].Failing || !notices[1].Recovered || notices[1].Lost != 11 || notices[1].Denied != 10 {
		t.Errorf("told were %+v", notices)
	}
}

// stalled opens a log into a full pipe that nobody reads. Write waits 50 ms for a line that cannot be written, and
// Close as long as a busy machine needs.
func stalled(t *testing.T, with ...audit.Option) (l *audit.Log, reader *os.File) {
	t.Helper()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(fifo, os.O_RDWR, 0) // a reader that does not read yet, so that Open succeeds
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	pipe.Fill(t, reader)
	if l, err = audit.Open(fifo, "all", append(with, audit.Timeouts(50*time.Millisecond, 2*time.Minute))...); err != nil {
		t.Fatal(err)
	}
	return l, reader
}

// drain reads the pipe until the line with this id. It returns the last reason of each id, and the number
// of allows.
func drain(t *testing.T, reader *os.File, id int) (last map[string]string, allows int) {
	t.Helper()
	last = map[string]string{}
	want := numbered(id, gateway.NoToken).Decision.ID.String()
	in := bufio.NewScanner(reader)
	for in.Scan() {
		if in.Text() == "" {
			continue
		}
		var line struct {
			ID, Reason string
			Allow      bool
		}
		if err := json.Unmarshal(in.Bytes(), &line); err != nil {
			t.Fatalf("%v in %s", err, in.Text())
		}
		last[line.ID] = line.Reason
		if line.Allow {
			allows++
		}
		if line.ID == want {
			return last, allows
		}
	}
	t.Fatal(in.Err())
	return nil, 0
}

// The lines of the first round wait and are withdrawn. The lines of the second round fail at once.
func TestTheLogHasNoAllowThatWasAnsweredWithADeny(t *testing.T) {
	l, reader := stalled(t, audit.Required())
	const each = 20
	l.WriteDeny(numbered(2*each, gateway.NoToken)) // blocks the writer
	wait.Until(t, "the writer that is stuck", l.Writing)
	for round := range 2 {
		var wg sync.WaitGroup
		for n := range each {
			wg.Go(func() {
				if got := answer(l, numbered(round*each+n, gateway.PolicyAllow)); got.Allows() {
					t.Error("an allow was answered that is not in the log")
				}
			})
		}
		wg.Wait()
	}
	if s := l.State(); !s.Failing || s.Denied != 2*each+1 {
		t.Errorf("while it stalls the state is %+v", s)
	}
	l.WriteDeny(numbered(2*each+1, gateway.InternalError)) // the last queued line
	last, allows := drain(t, reader, 2*each+1)
	for n := range 2 * each {
		id := numbered(n, gateway.NoToken).Decision.ID.String()
		if last[id] != "internal_error" {
			t.Errorf("of %s the log says %q, and a deny was answered", id, last[id])
		}
	}
	if allows > 0 {
		t.Errorf("%d allows are in the log that were answered with a deny", allows)
	}
	l.SetMaxWait(24 * time.Hour) // a Write that gives up on a busy machine would begin another failure
	wait.Until(t, "an allow that is written again", func() bool { return l.Write(numbered(2*each+2, gateway.PolicyAllow)) == nil })
	if l.State().Failing {
		t.Error("the log does not recover by itself")
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// A line that the operating system already has cannot be withdrawn. The line of the deny comes later, and
// the later line counts.
func TestTheDenyFollowsAnAllowThatCannotBeWithdrawn(t *testing.T) {
	var l *audit.Log
	var reader *os.File
	// On a busy machine the line can be withdrawn before the writer takes it. Then the next try gives the writer more time.
	taken := false
	for maxWait := 50 * time.Millisecond; !taken; maxWait *= 4 {
		if maxWait > time.Minute {
			t.Fatal("the writer does not take the line")
		}
		l, reader = stalled(t, audit.Required())
		l.SetMaxWait(maxWait)
		if err := l.Write(numbered(1, gateway.PolicyAllow)); !errors.Is(err, audit.ErrStalled) {
			t.Fatalf("a line that was not written in time: %v", err)
		}
		taken = l.Writing() // no other line is queued
	}
	l.WriteDeny(numbered(1, gateway.InternalError))
	l.WriteDeny(numbered(2, gateway.InternalError))
	last, allows := drain(t, reader, 2)
	if got := last[numbered(1, gateway.NoToken).Decision.ID.String()]; got != "internal_error" || allows != 1 {
		t.Errorf("the last word is %q, after %d allows", got, allows)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestCloseReportsLostLines(t *testing.T) {
	l, file := open(t, "all")
	restore := limitFileSize(t, 0)
	if err := l.Write(entry(gateway.NoToken)); err == nil {
		t.Error("a line that did not fit is no error")
	}
	restore()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `"event":"lost","lost":1,`) {
		t.Errorf("the log holds %q", text)
	}
}

// If the log is not required, an answer does not wait for an output that is known to stall.
func TestAStalledOutputIsNotWaitedFor(t *testing.T) {
	l, reader := stalled(t)
	if err := l.Write(numbered(0, gateway.PolicyAllow)); !errors.Is(err, audit.ErrStalled) {
		t.Fatalf("the error is %v", err)
	}
	l.SetMaxWait(24 * time.Hour) // a Write that waited would block the test
	for n := 1; n < 10; n++ {
		if err := l.Write(numbered(n, gateway.PolicyAllow)); !errors.Is(err, audit.ErrStalled) {
			t.Errorf("the error is %v", err)
		}
	}
	last, allows := drain(t, reader, 9)
	if allows != 10 || len(last) != 10 {
		t.Errorf("of ten lines that came later the log holds %d", len(last))
	}
	wait.Until(t, "the end of the failure", func() bool { return !l.State().Failing })
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if c := l.Counts(); c.Lost != 0 || c.Written != 10 {
		t.Errorf("all was written in the end, and the counts are %+v", c)
	}
}

func TestAfterACrashTheNextLineIsSeparate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "decisions.jsonl")
	if err := os.WriteFile(file, []byte("{\"time\":\"2026-11-21T12:00:00Z\"}\n{\"time\":\"2026-11"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := audit.Open(file, "all", patient)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Write(entry(gateway.NoToken)); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(string(text), "\n")
	if len(rows) != 4 || rows[1] != `{"time":"2026-11` || !json.Valid([]byte(rows[2])) {
		t.Errorf("the log holds %q", rows)
	}
}
