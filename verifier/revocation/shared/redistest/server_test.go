package redistest

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/leaks"
	"github.com/claimgate/claimgate/internal/testsupport/wait"
	"github.com/redis/go-redis/v9"
)

func TestMain(m *testing.M) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		println("redis-server is not in PATH: apt-get install redis-server, or run .ci/run redis. These tests need it and are not skipped.")
		os.Exit(1)
	}
	leaks.Main(m)
}

// server is a redis-server that only one test uses.
type server struct {
	t        *testing.T
	port     string
	dir      string
	args     []string
	password string
	tls      bool // on its port, instead of plain text
	process  *exec.Cmd
	log      bytes.Buffer
}

// newServer returns a server that does not run yet. Its port stays the same over restarts.
func newServer(t *testing.T, args ...string) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, port: port, dir: t.TempDir(), args: args}
	t.Cleanup(s.kill)
	return s
}

func startServer(t *testing.T, args ...string) *server {
	t.Helper()
	s := newServer(t, args...)
	s.start()
	return s
}

// start runs the server and waits until it answers. The server has no data on disk, so it is
// empty after each start.
func (s *server) start() {
	s.t.Helper()
	s.startBare()
	wait.Until(s.t, "redis-server answers", s.answers)
}

func (s *server) startBare() {
	s.t.Helper()
	port := []string{"--port", s.port}
	if s.tls {
		port = []string{"--port", "0", "--tls-port", s.port}
	}
	args := append(port, "--bind", "127.0.0.1", "--dir", s.dir, "--save", "", "--appendonly", "no", "--daemonize", "no")
	args = append(args, s.args...)
	s.process = exec.Command("redis-server", args...)
	s.process.Stdout, s.process.Stderr = &s.log, &s.log
	s.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) answers() bool {
	conn, err := net.DialTimeout("tcp", "127.0.0.1:"+s.port, time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	if s.tls {
		return true // that it listens is enough
	}
	_, _ = conn.Write([]byte("PING\r\n"))
	answer := make([]byte, 64)
	_ = conn.SetReadDeadline(time.Now().Add(time.Second))
	n, _ := conn.Read(answer)
	return strings.HasPrefix(string(answer[:n]), "+PONG") || strings.HasPrefix(string(answer[:n]), "-NOAUTH")
}

func (s *server) kill() {
	if s.process != nil {
		_ = s.process.Process.Signal(syscall.SIGCONT)
		_ = s.process.Process.Kill()
		_ = s.process.Wait()
		s.process = nil
	}
}

// stop makes the server hang with its connections open, until resume.
func (s *server) stop()   { s.signal(syscall.SIGSTOP) }
func (s *server) resume() { s.signal(syscall.SIGCONT) }

func (s *server) signal(what syscall.Signal) {
	s.t.Helper()
	if err := s.process.Process.Signal(what); err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) url() string { return "redis://127.0.0.1:" + s.port + "/0" }

// client returns a client for the test itself.
func (s *server) client() *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + s.port, Password: s.password, PoolSize: 1})
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

func number(n int) string { return strconv.Itoa(n) }
