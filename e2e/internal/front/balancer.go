package front

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

const (
	// probeEvery is the interval of the readiness probes. The default of Kubernetes is
	// ten seconds.
	probeEvery  = time.Second
	dialTimeout = 5 * time.Second
)

// Backend is a server that connections may be passed to.
type Backend interface {
	// Ready returns the address to connect to while the backend is ready.
	Ready(ctx context.Context) (address string, ok bool)
}

// Balancer passes each new connection to the next ready backend. It does not notice a
// backend that fails between two probes: the client sees the error.
type Balancer struct {
	address string
	ctx     context.Context //nolint:containedctx // ends with the balancer
	stop    context.CancelFunc
	running sync.WaitGroup

	probing  sync.Mutex // held during a probe
	backends []Backend

	mu       sync.Mutex
	listener net.Listener        // nil while connections are refused
	open     map[net.Conn]string // both ends of each connection, with the backend's address
	ready    []string
	next     int
}

// Balance serves connections of l until Close.
func Balance(l net.Listener, backends ...Backend) *Balancer {
	b := &Balancer{address: l.Addr().String(), open: make(map[net.Conn]string), backends: backends}
	b.ctx, b.stop = context.WithCancel(context.Background())
	b.probe()
	b.running.Go(func() {
		tick := time.NewTicker(probeEvery)
		defer tick.Stop()
		for {
			select {
			case <-b.ctx.Done():
				return
			case <-tick.C:
				b.probe()
			}
		}
	})
	b.serve(l)
	return b
}

func (b *Balancer) probe() {
	b.probing.Lock()
	defer b.probing.Unlock()
	ready := make([]string, 0, len(b.backends))
	for _, backend := range b.backends {
		if address, ok := backend.Ready(b.ctx); ok {
			ready = append(ready, address)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ready = ready
}

// Use passes connections only to these backends from now on, and closes connections to
// others. No request may be under way.
func (b *Balancer) Use(backends ...Backend) error {
	b.probing.Lock()
	b.backends = backends
	b.probing.Unlock()
	b.probe()
	b.mu.Lock()
	defer b.mu.Unlock()
	var errs []error
	for c, address := range b.open {
		if !slices.Contains(b.ready, address) {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// Serves reports whether new connections may go to a backend's address.
func (b *Balancer) Serves(address string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Contains(b.ready, address)
}

func (b *Balancer) serve(l net.Listener) {
	b.mu.Lock()
	b.listener = l
	b.mu.Unlock()
	b.running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return // closed
			}
			b.running.Go(func() { b.pass(client) })
		}
	})
}

// pick returns the next backend in turn.
func (b *Balancer) pick() (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.ready) == 0 {
		return "", false
	}
	b.next++
	return b.ready[b.next%len(b.ready)], true
}

// pass copies in both directions until both ends have closed.
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
	if !b.track(address, client, server) {
		return
	}
	defer b.untrack(client, server)
	var copies sync.WaitGroup
	copies.Go(func() { oneWay(server, client) })
	copies.Go(func() { oneWay(client, server) })
	copies.Wait()
}

// oneWay copies in one direction. At the end it closes only this direction: the other
// one may go on.
func oneWay(to, from net.Conn) {
	_, _ = io.Copy(to, from) // an error only ends the connection
	if tcp, ok := to.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
	}
}

func (b *Balancer) track(address string, conns ...net.Conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.listener == nil {
		return false
	}
	for _, c := range conns {
		b.open[c] = address
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

// Refuse closes all connections and refuses new ones, as a Service without a ready
// replica does. The address stays the same.
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

// Resume accepts connections again.
func (b *Balancer) Resume() error {
	var lc net.ListenConfig
	l, err := lc.Listen(b.ctx, "tcp", b.address)
	if err != nil {
		return err
	}
	b.serve(l)
	return nil
}

// Close stops the balancer and waits until its connections have ended.
func (b *Balancer) Close() error {
	b.stop()
	err := b.Refuse()
	b.running.Wait()
	return err
}
