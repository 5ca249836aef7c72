package server

import (
	"container/list"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// listener accepts the connections of the public listener, and keeps at most maxOpen of them open. A
// connection is unknown until a request on it shows a caller token. At the bound, the listener closes the
// oldest unknown connection to make room. It never closes a connection of a known caller, such as MinIO,
// to make room: if known callers fill the bound, Accept waits until a connection is closed.
//
// If remote is not nil, remote gets the connections from other machines.
//
// The listener goes on if accepting fails, for example because the process has no file descriptor left.
// fasthttp would end the server, and then MinIO would deny everybody.
type listener struct {
	net.Listener
	log     zerolog.Logger
	maxOpen int
	counts  *connections
	remote  *remoteListener // nil: one server serves every connection

	created time.Time
	second  atomic.Int64 // whole seconds since created; updated while checking

	mu       sync.Mutex
	open     map[*conn]struct{}
	unknown  list.List // of *conn, the oldest in front
	checking bool      // checkTimeouts runs every second
	closed   bool
	freed    sync.Cond // signaled when a connection or the listener is closed
}

func newListener(inner net.Listener, maxOpen int, counts *connections, log zerolog.Logger) *listener {
	l := &listener{Listener: inner, log: log, maxOpen: maxOpen, counts: counts, created: time.Now(), open: make(map[*conn]struct{})}
	l.freed.L = &l.mu
	return l
}

func (l *listener) Accept() (net.Conn, error) {
	const maxWait = time.Second
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, maxWait) {
		accepted, err := l.Listener.Accept()
		if err == nil {
			c, err := l.admit(accepted)
			if err == nil && l.remote != nil && !onThisMachine(accepted) {
				l.remote.deliver(c)
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

// admit makes room for an accepted connection, and adds it to the open ones.
func (l *listener) admit(accepted net.Conn) (net.Conn, error) {
	c := &conn{Conn: accepted, listener: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	for waited := false; len(l.open) >= l.maxOpen && !l.closed; {
		if front := l.unknown.Front(); front != nil {
			oldest := front.Value.(*conn)
			l.remove(oldest)
			l.counts.evicted.Inc()
			_ = oldest.Conn.Close() // the server's Read fails, and the server calls Close
			continue
		}
		if !waited {
			waited = true
			l.counts.waited.Inc()
		}
		l.freed.Wait()
	}
	if l.closed {
		_ = accepted.Close()
		return nil, net.ErrClosed
	}
	l.open[c] = struct{}{}
	l.startChecking()
	c.setPhase(reading)
	c.unknown = l.unknown.PushBack(c)
	l.counts.open.Inc()
	return c, nil
}

// Close stops listening. Accepted connections stay open. Further calls do nothing.
func (l *listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	l.freed.Broadcast()
	if l.remote != nil {
		close(l.remote.closed)
	}
	return l.Listener.Close()
}

// protect keeps a known caller's connection from being closed to make room.
func (l *listener) protect(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.unknown != nil {
		l.unknown.Remove(c.unknown)
		c.unknown = nil
	}
}

// remove removes a connection from the open ones, if it is one of them. The caller holds mu.
func (l *listener) remove(c *conn) {
	if _, open := l.open[c]; !open {
		return
	}
	delete(l.open, c)
	if c.unknown != nil {
		l.unknown.Remove(c.unknown)
		c.unknown = nil
	}
	l.counts.open.Dec()
	l.freed.Broadcast()
}

// wait returns when no connection is open, or when stop is closed.
func (l *listener) wait(stop <-chan struct{}) {
	returned := make(chan struct{})
	defer close(returned)
	go func() {
		select {
		case <-stop:
			l.mu.Lock()
			l.freed.Broadcast()
			l.mu.Unlock()
		case <-returned:
		}
	}()
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.open) > 0 {
		select {
		case <-stop:
			return
		default:
			l.freed.Wait()
		}
	}
}

// closeIdle closes the connections without a request in progress, and returns how many stay open.
func (l *listener) closeIdle() (busy int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		if c.busy.Load() {
			busy++
		} else {
			_ = c.Conn.Close() // the server's Read fails, and the server calls Close
		}
	}
	return busy
}

// connOf returns the conn of a connection that Accept has returned, with or without TLS.
func connOf(nc net.Conn) *conn {
	if t, ok := nc.(*tlsConn); ok {
		return t.inner
	}
	c, _ := nc.(*conn)
	return c
}
