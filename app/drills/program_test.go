package drills_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/claimgate/claimgate/app/demo/issuer"
	"github.com/claimgate/claimgate/internal/testsupport/program"
	"github.com/claimgate/claimgate/internal/testsupport/wait"
)

// binary is the program, built once.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "claimgate-drills-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(dir) }()
		binary = filepath.Join(dir, "claimgate")
		if out, err := exec.Command("go", "build", "-o", binary, "..").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "the program does not build: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

const mappingText = `version = 1
[[account]]
name = "alice"
policies = ["readonly"]
reason = "drill"
owner = "drill"
`

// process is a claimgate in a process of its own.
type process struct {
	t          *testing.T
	cmd        *exec.Cmd
	dir        string
	url, admin string
	ended      chan error
	log        programLog
}

// programLog is the program's log.
type programLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *programLog) add(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.WriteString(line + "\n")
}

func (s *programLog) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// heads returns the chain heads in the program's log.
func (s *programLog) heads() (all []string) {
	for line := range strings.Lines(s.String()) {
		var l struct{ Head string }
		if json.Unmarshal([]byte(line), &l) == nil && l.Head != "" {
			all = append(all, l.Head)
		}
	}
	return all
}

// setUp makes a directory with the program's files and starts an issuer. env names both.
func setUp(t *testing.T) (dir string, env []string) {
	t.Helper()
	iss, err := issuer.Listen(t.Context(), "127.0.0.1:0", issuer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = iss.Close() })
	return program.Env(t, iss.URL(), mappingText, "CLAIMGATE_AUDIT_CHAIN=true")
}

// start starts the program and waits until it is ready.
func start(t *testing.T, dir string, stdout *os.File, env ...string) *process {
	t.Helper()
	p := &process{t: t, dir: dir, ended: make(chan error, 1)}
	p.cmd = exec.Command(binary, "serve")
	p.cmd.Env = append(os.Environ(), env...)
	if stdout != nil {
		p.cmd.Stdout = stdout
	}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	serving := make(chan struct{})
	go func() {
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			p.log.add(lines.Text())
			if url, admin, ok := program.Serving(lines.Text()); ok {
				p.url, p.admin = url, admin
				close(serving)
			}
		}
		p.ended <- p.cmd.Wait() // after the pipe is read to its end
	}()
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	select {
	case <-serving:
	case err := <-p.ended:
		t.Fatalf("the program ended with %v:\n%s", err, p.log.String())
	}
	wait.Until(t, "readiness", func() bool { return strings.Contains(p.get("/readyz"), `"ready":true`) })
	return p
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// kill ends the program with SIGKILL.
func (p *process) kill() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	if err := <-p.ended; err == nil {
		p.t.Error("the program ended without an error before it was killed")
	}
}

// stop ends the program with SIGTERM.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if err := <-p.ended; err != nil {
		p.t.Errorf("the program ended with %v:\n%s", err, p.log.String())
	}
}

func (p *process) path(name string) string { return filepath.Join(p.dir, name) }

// state is the state of the decision log on /readyz.
type state struct {
	Failing      bool
	Error        string
	Lost, Denied uint64
	Head         string
}

func (p *process) state() state {
	p.t.Helper()
	var r struct {
		Ready bool
		Audit state
	}
	if err := json.Unmarshal([]byte(p.get("/readyz")), &r); err != nil {
		p.t.Fatal(err)
	}
	if !r.Ready {
		p.t.Error("the program is not ready")
	}
	return r.Audit
}

// lines returns claimgate_audit_lines_total.
func (p *process) lines(outcome string) (n int) {
	p.t.Helper()
	for line := range strings.Lines(p.get("/metrics")) {
		if rest, ok := strings.CutPrefix(line, `claimgate_audit_lines_total{outcome="`+outcome+`"} `); ok {
			if _, err := fmt.Sscan(rest, &n); err != nil {
				p.t.Fatal(err)
			}
			return n
		}
	}
	p.t.Fatalf("/metrics has no lines that are %s", outcome)
	return 0
}

func (p *process) get(path string) string {
	p.t.Helper()
	_, body := program.Get(p.t, p.admin+path)
	return body
}

// verify runs `claimgate audit verify --format json`.
func verify(t *testing.T, args ...string) (r verified) {
	t.Helper()
	cmd := exec.Command(binary, append([]string{"audit", "verify", "--format", "json"}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // callers check the exit code
	r.code = cmd.ProcessState.ExitCode()
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
		t.Fatalf("audit verify ended with %d: %v: %s", r.code, err, stderr.Bytes())
	}
	return r
}

type verified struct {
	code     int
	Lines    int
	Chained  int
	Torn     int
	Lost     int
	Findings []struct {
		Kind, File, Message string
		Line                int
	}
}

func (r *verified) whole(t *testing.T) {
	t.Helper()
	if r.code != 0 || len(r.Findings) != 0 {
		t.Errorf("audit verify ended with %d and found %+v", r.code, r.Findings)
	}
}
