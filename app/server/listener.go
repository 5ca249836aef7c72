package server

import (
	"container/list"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// listener gives out the connections of the public listener, and knows which
// are open. It bounds their number in favor of who may ask: a connection counts
// as a stranger's until a request on it has shown a caller, and where there is
// no room the stranger that has been there longest makes some. MinIO's own calls
// are never closed for the bound; where they alone fill it, the next connection
// waits for one of them to end.
//
// With apart set, who is not on this machine is served there.
//
// It goes on where accepting fails, as when the process has no file descriptor
// left: fasthttp would end the server, and MinIO then deny everybody.
type listener struct {
	net.Listener
	log    zerolog.Logger
	most   int
	count  *connections
	remote *remoteListener // nil: all are served alike

	begun  time.Time
	second atomic.Int64 // since then, as long as somebody looks

	mu        sync.Mutex
	open      map[*conn]struct{}
	strangers list.List // of *conn, the longest there in front
	looks     bool      // somebody will look for who takes too long
	closed    bool
	ended     sync.Cond // one was closed, or the listener was
}

func newListener(l net.Listener, most int, count *connections, log zerolog.Logger) *listener {
	ours := &listener{Listener: l, log: log, most: most, count: count, begun: time.Now(), open: make(map[*conn]struct{})}
	ours.ended.L = &ours.mu
	return ours
}

func (l *listener) Accept() (net.Conn, error) {
	const longest = time.Second
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, longest) {
		accepted, err := l.Listener.Accept()
		if err == nil {
			c, err := l.admit(accepted)
			if err == nil && l.remote != nil && !onThisMachine(accepted) {
				l.remote.give(c)
				continue
			}
			return c, err
		}
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		l.log.Error().Err(err).Stringer("again_in", wait).Msg("a connection could not be accepted")
		time.Sleep(wait)
	}
}

// admit makes room for a connection.
func (l *listener) admit(accepted net.Conn) (net.Conn, error) {
	c := &conn{Conn: accepted, from: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	for waited := false; len(l.open) >= l.most && !l.closed; {
		if front := l.strangers.Front(); front != nil {
			stranger := front.Value.(*conn)
			l.forget(stranger)
			l.count.evicted.Inc()
			_ = stranger.Conn.Close() // whoever reads from it is told, and closes it again
			continue
		}
		if !waited {
			waited = true
			l.count.waited.Inc()
		}
		l.ended.Wait()
	}
	if l.closed {
		_ = accepted.Close()
		return nil, net.ErrClosed
	}
	l.open[c] = struct{}{}
	l.keepLooking()
	c.enter(reading)
	c.stranger = l.strangers.PushBack(c)
	l.count.open.Inc()
	return c, nil
}

// Close stops listening, once. What has been accepted stays open.
func (l *listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	l.ended.Broadcast()
	if l.remote != nil {
		close(l.remote.closed)
	}
	return l.Listener.Close()
}

// know keeps a connection from being closed for the bound.
func (l *listener) know(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.stranger != nil {
		l.strangers.Remove(c.stranger)
		c.stranger = nil
	}
}

// forget counts a connection as closed. The caller holds mu.
func (l *listener) forget(c *conn) {
	if _, open := l.open[c]; !open {
		return
	}
	delete(l.open, c)
	if c.stranger != nil {
		l.strangers.Remove(c.stranger)
		c.stranger = nil
	}
	l.count.open.Dec()
	l.ended.Broadcast()
}

// wait returns when no connection is open any more, or stop is closed.
func (l *listener) wait(stop <-chan struct{}) {
	woken := make(chan struct{})
	defer close(woken)
	go func() {
		select {
		case <-stop:
			l.mu.Lock()
			l.ended.Broadcast()
			l.mu.Unlock()
		case <-woken:
		}
	}()
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.open) > 0 {
		select {
		case <-stop:
			return
		default:
			l.ended.Wait()
		}
	}
}

// closeIdle closes the connections on which no request is under way and says how
// many others there are.
func (l *listener) closeIdle() (busy int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		if c.busy.Load() {
			busy++
		} else {
			_ = c.Conn.Close() // its reader is told, and closes it again
		}
	}
	return busy
}

// connOf is the connection below TLS.
func connOf(nc net.Conn) *conn {
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	c, _ := nc.(*conn)
	return c
}
