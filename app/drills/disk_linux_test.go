package drills_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/internal/testsupport/wait"
	"golang.org/x/sys/unix"
)

// room is a place for the log. fill uses up its space and free makes space again, while the program writes.
type room struct {
	file string
	fill func(p *process)
	free func(p *process)
}

// tmpfs makes a room on a disk of 1 MiB. The process must be allowed to mount.
func tmpfs(t *testing.T) (*room, error) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(dir, "ballast")
	return &room{
		file: filepath.Join(dir, "decisions.jsonl"),
		fill: func(*process) {
			f, err := os.Create(ballast)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for _, size := range []int{64 << 10, 1} { // to the last byte
				for err == nil {
					_, err = f.Write(bytes.Repeat([]byte("x"), size))
				}
				err = nil
			}
		},
		free: func(*process) {
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
		},
	}, nil
}

// limited makes a room whose file may not grow beyond the program's RLIMIT_FSIZE. The parent process may
// set that limit.
func limited(t *testing.T) *room {
	file := filepath.Join(t.TempDir(), "decisions.jsonl")
	limit := func(p *process, most uint64) {
		var now unix.Rlimit
		if err := unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_FSIZE, nil, &now); err != nil {
			t.Fatal(err)
		}
		// The hard limit stays, because only root could raise it again.
		now.Cur = min(most, now.Max)
		if err := unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_FSIZE, &now, nil); err != nil {
			t.Fatal(err)
		}
	}
	return &room{
		file: file,
		fill: func(p *process) {
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			limit(p, uint64(info.Size())+1000) // in the middle of some line
		},
		free: func(p *process) { limit(p, unix.RLIM_INFINITY) },
	}
}

// rooms returns the ways to run out of space that this machine allows. limited works everywhere.
func rooms(t *testing.T) map[string]func(t *testing.T) *room {
	all := map[string]func(t *testing.T) *room{"a file that may not grow": limited}
	t.Run("may a disk be mounted", func(t *testing.T) {
		if _, err := tmpfs(t); err != nil {
			t.Logf("no disk can be mounted, so only the limit of file sizes is tested: %v", err)
			return
		}
		all["a full disk"] = func(t *testing.T) *room {
			r, err := tmpfs(t)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
	})
	return all
}

func TestAFullDisk(t *testing.T) {
	for _, onFailure := range []string{"deny", "continue"} {
		for name, newRoom := range rooms(t) {
			t.Run(onFailure+", "+name, func(t *testing.T) { fullDisk(t, onFailure, newRoom(t)) })
		}
	}
}

func fullDisk(t *testing.T, onFailure string, r *room) {
	dir, env := setUp(t)
	p := start(t, dir, nil, append(env, "CLAIMGATE_AUDIT_ON_FAILURE="+onFailure, "CLAIMGATE_AUDIT_OUTPUT="+r.file)...)
	l := p.run()
	l.after(100)
	r.fill(p)
	wait.Until(t, "the failure on /readyz", func() bool { s := p.state(); return s.Failing && s.Lost > 50 })
	if s := p.state(); !strings.Contains(s.Error, r.file) {
		t.Errorf("on /readyz the error is %q", s.Error)
	}
	l.after(100)
	full(t, p, onFailure)
	r.free(p)
	wait.Until(t, "the recovery on /readyz", func() bool { return !p.state().Failing })
	l.after(100)
	answers := l.end()
	lost, denied, written := p.lines("lost"), p.lines("denied"), p.lines("written")
	p.stop()
	if n := strings.Count(p.log.String(), "the decision log cannot be written"); n < 1 || n > 10 {
		t.Errorf("the failure is logged %d times", n)
	}
	if n := strings.Count(p.log.String(), "the decision log is written again"); n != 1 {
		t.Errorf("the recovery is logged %d times", n)
	}
	account(t, onFailure, answers, read(t, r.file), lost, denied, written)
	v := verify(t, r.file, "--expect-head", p.log.heads()[len(p.log.heads())-1])
	v.whole(t)
	if v.Lost != lost {
		t.Errorf("audit verify counts %d lost lines, the metrics %d", v.Lost, lost)
	}
}

// full sends requests while there is no space.
func full(t *testing.T, p *process, onFailure string) {
	t.Helper()
	_, allow, err := ask(once, p.url, questions[0])
	if err != nil {
		t.Fatal(err)
	}
	want := answer{false, "internal_error"}
	if onFailure == "continue" {
		want = answer{true, "policy_allow"}
	}
	if allow != want {
		t.Errorf("while the disk is full an allow is answered %+v, want %+v", allow, want)
	}
	_, deny, err := ask(once, p.url, questions[1])
	if err != nil {
		t.Fatal(err)
	}
	if deny != (answer{false, "policy_implicit_deny"}) {
		t.Errorf("while the disk is full a deny is answered %+v", deny)
	}
}

// account compares the answers, the lines and the counts: the metrics and the log count each missing line.
func account(t *testing.T, onFailure string, answers map[string]answer, log logged, lost, denied, written int) {
	t.Helper()
	missing, becameDenies := 0, 0
	for id, a := range answers {
		line, ok := log.answers[id]
		switch {
		case !ok:
			missing++
			if a.allow && onFailure == "deny" {
				t.Errorf("%s was allowed and has no line", id)
			}
		case line != a:
			t.Errorf("%s was answered %+v, and its line says %+v", id, a, line)
		}
		if a.reason == "internal_error" || a.reason == "overloaded" {
			becameDenies++
		}
	}
	extra := 2 // requests of full
	if missing > lost || lost > missing+extra || lost != log.lost {
		t.Errorf("%d answers have no line, %d lines are counted as lost, the log reports %d", missing, lost, log.lost)
	}
	if denied < becameDenies || denied > becameDenies+extra || onFailure == "deny" && denied == 0 || onFailure == "continue" && denied > 0 {
		t.Errorf("%d allows were denied, %d are counted", becameDenies, denied)
	}
	if written != len(log.answers) {
		t.Errorf("%d lines are there, %d are counted", len(log.answers), written)
	}
	if len(log.twice) > 0 {
		t.Errorf("lines stand twice: %v", log.twice)
	}
}
