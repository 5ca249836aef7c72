package front

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

const (
	// probeEvery is how often a backend is asked whether it is ready. Kubernetes
	// asks every ten seconds unless told otherwise.
	probeEvery  = time.Second
	dialTimeout = 5 * time.Second
)

// Backend is a server that connections may be passed to.
type Backend interface {
	// Ready returns the address to connect to while the backend is ready.
	Ready(ctx context.Context) (address string, ok bool)
}

// Balancer passes each new connection to the next ready backend. What became of
// a backend after it was last asked, the client finds out.
type Balancer struct {
	address string
	ctx     context.Context //nolint:containedctx // the balancer's own life
	stop    context.CancelFunc
	running sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener // nil while connections are refused
	open     map[net.Conn]struct{}
	ready    []string
	next     int
}

// Balance serves connections of l until Close.
func Balance(l net.Listener, backends ...Backend) *Balancer {
	b := &Balancer{address: l.Addr().String(), open: make(map[net.Conn]struct{})}
	b.ctx, b.stop = context.WithCancel(context.Background())
	b.probe(backends)
	b.running.Go(func() {
		tick := time.NewTicker(probeEvery)
		defer tick.Stop()
		for {
			select {
			case <-b.ctx.Done():
				return
			case <-tick.C:
				b.probe(backends)
			}
		}
	})
	b.serve(l)
	return b
}

func (b *Balancer) probe(backends []Backend) {
	ready := make([]string, 0, len(backends))
	for _, backend := range backends {
		if address, ok := backend.Ready(b.ctx); ok {
			ready = append(ready, address)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ready = ready
}

func (b *Balancer) serve(l net.Listener) {
	b.mu.Lock()
	b.listener = l
	b.mu.Unlock()
	b.running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return // it was closed
			}
			b.running.Go(func() { b.pass(client) })
		}
	})
}

// pick returns the backend whose turn it is.
func (b *Balancer) pick() (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.ready) == 0 {
		return "", false
	}
	b.next++
	return b.ready[b.next%len(b.ready)], true
}

// pass copies both ways until both ends have closed.
func (b *Balancer) pass(client net.Conn) {
	defer client.Close()
	address, ok := b.pick()
	if !ok {
		return
	}
	dialer := net.Dialer{Timeout: dialTimeout}
	server, err := dialer.DialContext(b.ctx, "tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	if !b.track(client, server) {
		return
	}
	defer b.untrack(client, server)
	var copies sync.WaitGroup
	copies.Go(func() { oneWay(server, client) })
	copies.Go(func() { oneWay(client, server) })
	copies.Wait()
}

// oneWay passes on the end of what it copies, and nothing else: the other
// direction may go on.
func oneWay(to, from net.Conn) {
	_, _ = io.Copy(to, from) // an error ends the connection, which is all there is to do
	if tcp, ok := to.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
	}
}

func (b *Balancer) track(conns ...net.Conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.listener == nil {
		return false
	}
	for _, c := range conns {
		b.open[c] = struct{}{}
	}
	return true
}

func (b *Balancer) untrack(conns ...net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range conns {
		delete(b.open, c)
	}
}

// Refuse ends all connections and refuses new ones, as a Service without a
// ready replica does. The address stays.
func (b *Balancer) Refuse() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.listener == nil {
		return nil
	}
	err := b.listener.Close()
	b.listener = nil
	for c := range b.open {
		err = errors.Join(err, c.Close())
	}
	return err
}

// Resume takes connections again.
func (b *Balancer) Resume() error {
	var lc net.ListenConfig
	l, err := lc.Listen(b.ctx, "tcp", b.address)
	if err != nil {
		return err
	}
	b.serve(l)
	return nil
}

// Close ends everything.
func (b *Balancer) Close() error {
	b.stop()
	err := b.Refuse()
	b.running.Wait()
	return err
}
