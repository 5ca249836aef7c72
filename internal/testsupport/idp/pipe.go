package idp

import (
	"bytes"
	"context"
	"net"
	"sync"
)

// pipeListener is a net.Listener on pipes.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) dial(ctx context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case l.conns <- newBuffered(there):
		return here, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

// buffered buffers what a server writes, as a socket does. Without the buffer, a server and
// a client that refuses its certificate wait for each other forever.
type buffered struct {
	net.Conn
	out  chan []byte
	done chan struct{}
	once sync.Once
}

func newBuffered(c net.Conn) *buffered {
	b := &buffered{Conn: c, out: make(chan []byte, 64), done: make(chan struct{})}
	go b.forward()
	return b
}

// forward sends the buffered data to the client and ends after Close. It ignores write
// errors: if the client has gone, the server gets the error from Read.
func (b *buffered) forward() {
	defer b.Conn.Close()
	for {
		select {
		case data := <-b.out:
			_, _ = b.Conn.Write(data)
		case <-b.done:
			if len(b.out) == 0 {
				return
			}
		}
	}
}

func (b *buffered) Write(data []byte) (int, error) {
	select {
	case b.out <- bytes.Clone(data):
		return len(data), nil
	case <-b.done:
		return 0, net.ErrClosed
	}
}

func (b *buffered) Close() error {
	b.once.Do(func() { close(b.done) })
	return nil
}
