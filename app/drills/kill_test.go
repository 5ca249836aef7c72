package drills_test

import (
	"fmt"
	"maps"
	"os"
	"syscall"
	"testing"

	"github.com/claimgate/claimgate/internal/testsupport/wait"
)

// Every answer is in the log after a kill. A line without an answer belongs to a request in progress.
func TestKillingTheProgramLosesAtMostTheLinesInFlight(t *testing.T) {
	dir, env := setUp(t)
	all := map[string]answer{}
	unanswered := 0
	const rounds = 5
	for range rounds {
		p := start(t, dir, nil, env...)
		l := p.run()
		l.after(1500)
		p.kill()
		answers := l.end()
		maps.Copy(all, answers)
		unanswered += clients
		if r := verify(t, p.path("decisions.jsonl")); r.code != 0 && (len(r.Findings) != 1 || r.Findings[0].Kind != "torn") {
			t.Errorf("after the kill, audit verify found %+v", r.Findings)
		}
	}
	p := start(t, dir, nil, env...) // its first line has the hash of the torn line
	l := p.run()
	l.after(10)
	maps.Copy(all, l.end())
	p.stop()
	log := read(t, p.path("decisions.jsonl"))
	if got := judge(t, all, log); got > unanswered {
		t.Errorf("%d lines have no answer, with %d questions under way", got, unanswered)
	}
	r := verify(t, p.path("decisions.jsonl"), "--expect-head", p.log.heads()[0])
	r.whole(t)
	if r.Torn != log.torn || log.torn > rounds {
		t.Errorf("%d lines are cut short, and audit verify says %d", log.torn, r.Torn)
	}
}

func TestStoppingTheProgramLosesNothing(t *testing.T) {
	for range 3 {
		dir, env := setUp(t)
		p := start(t, dir, nil, env...)
		l := p.run()
		l.after(1000)
		p.stop()
		answers := l.end()
		if l.refused != clients {
			t.Errorf("%d of %d clients saw the program go", l.refused, clients)
		}
		if got := judge(t, answers, read(t, p.path("decisions.jsonl"))); got != 0 {
			t.Errorf("%d lines have no answer: the clients did not get it", got)
		}
		r := verify(t, p.path("decisions.jsonl"), "--expect-head", p.log.heads()[0])
		r.whole(t)
	}
}

func TestRotatingTheLogLosesAndDoublesNothing(t *testing.T) {
	dir, env := setUp(t)
	p := start(t, dir, nil, env...)
	l := p.run()
	file := p.path("decisions.jsonl")
	var files []string
	for n := range 10 {
		l.after(200)
		old := fmt.Sprintf("%s.%d", file, n)
		if err := os.Rename(file, old); err != nil {
			t.Fatal(err)
		}
		p.signal(syscall.SIGHUP)
		files = append(files, old)
		wait.Until(t, "the new file", func() bool {
			info, err := os.Stat(file)
			return err == nil && info.Size() > 0
		})
	}
	l.after(200)
	answers := l.end()
	p.stop()
	files = append(files, file)
	if got := judge(t, answers, read(t, files...)); got != 0 {
		t.Errorf("%d lines have no answer", got)
	}
	heads := p.log.heads()
	r := verify(t, append(files, "--expect-head", heads[len(heads)-1])...)
	r.whole(t)
	for n, head := range heads[:len(heads)-1] { // logged at each rotation
		r := verify(t, append(files, "--expect-line", head)...)
		if r.code != 0 {
			t.Errorf("the head logged at rotation %d is in no file", n)
		}
	}
	if r.Chained != len(answers) {
		t.Errorf("%d lines for %d answers", r.Chained, len(answers))
	}
}

// Only --expect-head finds that the last lines are missing.
func TestTheLoggedHeadFindsAShortenedLog(t *testing.T) {
	dir, env := setUp(t)
	p := start(t, dir, nil, env...)
	l := p.run()
	l.after(20)
	l.end()
	head := p.state().Head
	p.stop()
	file := p.path("decisions.jsonl")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	shorter := text[:len(text)-1]
	for shorter[len(shorter)-1] != '\n' {
		shorter = shorter[:len(shorter)-1]
	}
	if err := os.WriteFile(file, shorter, 0o600); err != nil {
		t.Fatal(err)
	}
	r := verify(t, file)
	r.whole(t)
	if r := verify(t, file, "--expect-head", head); r.code != 1 || r.Findings[0].Kind != "anchor" {
		t.Errorf("with the head of /readyz, audit verify ended with %d", r.code)
	}
	if p.log.heads()[0] != head {
		t.Errorf("the program logged the head %s at its end, and /readyz showed %s", p.log.heads()[0], head)
	}
}
