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

// listener accepts the connections of the public listener and bounds how many are open. A connection is
// unknown until a request on it shows a caller token. If there is no room, the listener closes the
// oldest unknown connection. The listener never closes a connection of a known caller, such as MinIO,
// for the bound; if known callers alone fill the bound, the next connection waits until one ends.
//
// If remote is not nil, remote gets the connections from other machines.
//
// The listener goes on if accepting fails, for example because the process has no file descriptor left.
// fasthttp would end the server, and then MinIO would deny everybody.
type listener struct {
	net.Listener
	log    zerolog.Logger
	most   int
	count  *connections
	remote *remoteListener // nil: one server serves every connection

	begun  time.Time
	second atomic.Int64 // seconds since begun, while watching

	mu       sync.Mutex
	open     map[*conn]struct{}
	unknown  list.List // of *conn, the oldest in front
	watching bool      // a goroutine looks for connections that take too long
	closed   bool
	ended    sync.Cond // signaled when a connection or the listener is closed
}

func newListener(l net.Listener, most int, count *connections, log zerolog.Logger) *listener {
	created := &listener{Listener: l, log: log, most: most, count: count, begun: time.Now(), open: make(map[*conn]struct{})}
	created.ended.L = &created.mu
	return created
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
		if front := l.unknown.Front(); front != nil {
			oldest := front.Value.(*conn)
			l.forget(oldest)
			l.count.evicted.Inc()
			_ = oldest.Conn.Close() // its reader gets an error, and closes the connection again
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
	c.unknown = l.unknown.PushBack(c)
	l.count.open.Inc()
	return c, nil
}

// Close stops listening, once. Accepted connections stay open.
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

// know marks a connection as a known caller's, so that the bound never closes it.
func (l *listener) know(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.unknown != nil {
		l.unknown.Remove(c.unknown)
		c.unknown = nil
	}
}

// forget counts a connection as closed. The caller holds mu.
func (l *listener) forget(c *conn) {
	if _, open := l.open[c]; !open {
		return
	}
	delete(l.open, c)
	if c.unknown != nil {
		l.unknown.Remove(c.unknown)
		c.unknown = nil
	}
	l.count.open.Dec()
	l.ended.Broadcast()
}

// wait returns when no connection is open, or when stop is closed.
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

// closeIdle closes the connections without a request under way, and returns how many others there are.
func (l *listener) closeIdle() (busy int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		if c.busy.Load() {
			busy++
		} else {
			_ = c.Conn.Close() // its reader gets an error, and closes the connection again
		}
	}
	return busy
}

// connOf returns the connection below TLS.
func connOf(nc net.Conn) *conn {
	if t, ok := nc.(*tlsConn); ok {
		return t.below
	}
	c, _ := nc.(*conn)
	return c
}
