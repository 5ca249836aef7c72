package drills_test

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/internal/testsupport/pipe"
	"github.com/claimgate/claimgate/internal/testsupport/wait"
)

// A log collector stops reading the standard output.
func TestAStalledOutput(t *testing.T) {
	for onFailure, want := range map[string]answer{
		"deny": {false, "overloaded"}, "continue": {true, "policy_allow"},
	} {
		t.Run(onFailure, func(t *testing.T) {
			reader, writer := fullPipe(t)
			dir, env := setUp(t)
			p := start(t, dir, writer, append(env, "CLAIMGATE_AUDIT_ON_FAILURE="+onFailure, "CLAIMGATE_AUDIT_OUTPUT=stdout")...)
			answers := map[string]answer{}
			for range 5 {
				id, got, err := ask(once, p.url, questions[0])
				if err != nil {
					t.Fatal(err)
				}
				if got != want {
					t.Errorf("while the output stalls an allow is answered %+v, want %+v", got, want)
				}
				answers[id] = got
			}
			if s := p.state(); !s.Failing || !strings.Contains(s.Error, "stalls") {
				t.Errorf("/readyz says %+v", s)
			}
			// The collector reads again: it gets the queued lines, and no line is lost.
			log := make(chan logged)
			go func() { log <- readPipe(reader) }()
			wait.Until(t, "the recovery", func() bool {
				id, got, err := ask(once, p.url, questions[0])
				if err != nil {
					t.Fatal(err)
				}
				answers[id] = got
				return got.allow && !p.state().Failing
			})
			p.stop()
			if err := writer.Close(); err != nil {
				t.Fatal(err)
			}
			got := <-log
			for id, a := range answers { // of two lines with one id, the later line counts
				if got.answers[id] != a {
					t.Errorf("%s was answered %+v, and its line says %+v", id, a, got.answers[id])
				}
			}
			if len(got.twice) > 1 {
				t.Errorf("%d lines were not withdrawn", len(got.twice))
			}
		})
	}
}

// fullPipe returns a full pipe.
func fullPipe(t *testing.T) (reader, writer *os.File) {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close(); _ = writer.Close() })
	pipe.Fill(t, writer)
	return reader, writer
}

func readPipe(r io.Reader) logged {
	l := logged{answers: map[string]answer{}}
	text, _ := io.ReadAll(r) // to the end of the program
	for line := range strings.Lines(string(text)) {
		if line != "\n" {
			l.line([]byte(line))
		}
	}
	return l
}

// The program goes on if the log collector has ended.
func TestAnOutputThatIsClosed(t *testing.T) {
	for onFailure, want := range map[string]answer{
		"deny": {false, "internal_error"}, "continue": {true, "policy_allow"},
	} {
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		dir, env := setUp(t)
		p := start(t, dir, writer, append(env, "CLAIMGATE_AUDIT_ON_FAILURE="+onFailure, "CLAIMGATE_AUDIT_OUTPUT=stdout")...)
		if err := reader.Close(); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, got, err := ask(once, p.url, questions[0]); err != nil || got != want {
				t.Errorf("%s: without a reader an allow is answered %+v, %v; want %+v", onFailure, got, err, want)
			}
		}
		// The server does not wait for the line of a deny that replaces an allow.
		wait.Until(t, onFailure+": /readyz to tell of three lost lines", func() bool { s := p.state(); return s.Failing && s.Lost == 3 })
		p.stop()
		if err := writer.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
