package pool_test

import (
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/claimgate/claimgate/verifier/internal/pool"
)

// A request that has arrived is answered before an operation begins, also if a slot is free.
func TestWhatIsReadyRunsBeforeAnOperation(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const rounds = 20
	p := pool.New(1, 1, time.Hour)
	early := 0
	for range rounds {
		answered := make(chan struct{})
		go close(answered)
		p.Do(t.Context(), func() bool {
			select {
			case <-answered:
			default:
				early++
			}
			return true
		})
		<-answered
	}
	if early > rounds/2 { // the Go scheduler turns its order around now and then
		t.Errorf("%d of %d operations began before what was ready", early, rounds)
	}
}

// A request that arrives during an operation is read before the next operation begins, also if callers wait for
// every slot and there is one processor only.
//
// The Go scheduler turns its order around now and then, and the system may stop a thread between two steps, so a
// few operations may come first. A busy machine may spoil a whole round, so the best of some rounds counts. Without
// yield nearly every operation of every round comes first.
func TestARequestIsReadBeforeTheNextOperation(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const rounds, operations = 50, 50
	best := operations
	for range rounds {
		if best = min(best, operationsBeforeTheRequest(t, operations)); best <= operations/10 {
			return
		}
	}
	t.Errorf("in each round at least %d of %d operations began before the request that had arrived was read", best, operations)
}

// operationsBeforeTheRequest runs operations that wait for one slot. Each sends a request. The result is how many
// began although the request of the one before was not read.
func operationsBeforeTheRequest(t *testing.T, operations int) (early int) {
	client, server := connection(t)
	var sent, read atomic.Int64
	var reader, callers sync.WaitGroup
	reader.Go(func() {
		for buf := make([]byte, 1); ; read.Add(1) {
			if _, err := server.Read(buf); err != nil {
				return
			}
		}
	})
	p := pool.New(1, operations, time.Hour)
	for range operations {
		callers.Go(func() {
			p.Do(t.Context(), func() bool {
				for sent.Load() == 0 && p.InFlight() < operations {
					runtime.Gosched() // the first operation goes on when all others wait
				}
				if read.Load() < sent.Load() {
					early++
				}
				if _, err := client.Write([]byte{1}); err != nil {
					t.Error(err)
				}
				sent.Add(1)
				for began := time.Now(); time.Since(began) < time.Millisecond; { // longer than pollEvery
				}
				return true
			})
		})
	}
	callers.Wait()
	_ = client.Close()
	reader.Wait()
	return early
}

// connection returns the two ends of a connection.
func connection(t *testing.T) (client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return client, server
}
