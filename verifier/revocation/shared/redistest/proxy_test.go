package redistest

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/claimgate/claimgate/internal/testsupport/wait"
)

// proxy starts a proxy to the server and returns the proxy's URL. hook sees each request
// before the server does. If hook returns false, the proxy closes the connection.
func proxy(t *testing.T, s *server, hook func(request []byte) bool) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	all.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", "127.0.0.1:"+s.port)
			if err != nil {
				_ = from.Close()
				continue
			}
			carry := func(from, to net.Conn, pass func([]byte) bool) {
				defer from.Close()
				defer to.Close()
				buffer := make([]byte, 64<<10)
				for {
					n, err := from.Read(buffer)
					if err != nil || !pass(buffer[:n]) {
						return
					}
					if _, err := to.Write(buffer[:n]); err != nil {
						return
					}
				}
			}
			all.Go(func() { carry(from, to, hook) })
			all.Go(func() { carry(to, from, func([]byte) bool { return true }) })
		}
	})
	return "redis://" + l.Addr().String() + "/0"
}

// A logout that arrives while a replica reads the store for the first time is too late for
// the entries that this synchronization writes, and too early to be published. It must be
// shared nevertheless.
func TestALogoutDuringTheFirstSynchronizationIsShared(t *testing.T) {
	s := startServer(t)
	two := joined(t, s.url())
	reads, ended := make(chan struct{}), make(chan struct{})
	var held atomic.Bool
	one := newReplica(t, proxy(t, s, func(request []byte) bool {
		if bytes.Contains(request, []byte("scan")) && held.CompareAndSwap(false, true) {
			close(reads)
			<-ended
		}
		return true
	}))
	<-reads
	if one.State().Up || !one.end(logoutOf("s1")) {
		t.Error("it does not count")
	}
	close(ended)
	took := wait.Until(t, "the logout counts on the other replica", func() bool { return two.ended("s1") })
	t.Logf("known to the other replica after %s", took)
}

// If a synchronization overtakes the write of a logout, the logout token still counts as
// new.
func TestALogoutIsNotOvertakenByASynchronization(t *testing.T) {
	s := startServer(t)
	two := joined(t, s.url())
	written, overtaken := make(chan struct{}), make(chan struct{})
	var held, lost atomic.Bool
	release := sync.OnceFunc(func() { close(overtaken) })
	defer release()
	one := joined(t, proxy(t, s, func(request []byte) bool {
		switch { // the first request with a jti comes from the logout itself
		case bytes.Contains(request, []byte("jti of slow")) && held.CompareAndSwap(false, true):
			close(written)
			<-overtaken
		case bytes.Contains(request, []byte("jti of lost")) && lost.CompareAndSwap(false, true):
			return false
		}
		return true
	}))
	counted := make(chan bool, 1)
	go func() { counted <- one.end(logoutOf("slow")) }()
	<-written
	if !one.end(logoutOf("lost")) { // its failed write causes a synchronization
		t.Error("it does not count")
	}
	wait.Until(t, "one has synchronized", func() bool { return two.ended("lost") })
	release()
	if !<-counted {
		t.Error("a logout token was taken for one that had counted before")
	}
	wait.Until(t, "it is shared", func() bool { return two.ended("slow") })
	if two.end(logoutOf("slow")) || one.end(logoutOf("slow")) {
		t.Error("a logout token counted twice")
	}
}
