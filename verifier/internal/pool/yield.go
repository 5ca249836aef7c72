package pool

import (
	"os"
	"runtime"
	"sync"
	"time"
)

// pollEvery is how often yield waits for the network. One wait takes 7 to 10 µs of a processor, and a check of
// RSA-2048 takes 40.
const pollEvery = 100 * time.Microsecond

// yield lets all goroutines run that are ready and, every pollEvery, those whose connection has something to read.
func (p *Pool) yield() {
	now, last := int64(time.Since(p.made)), p.polled.Load()
	if now-last >= int64(pollEvery) && p.polled.CompareAndSwap(last, now) {
		awaitNetwork()
	}
	// The scheduler runs this goroutine first among those that the network made ready. So this goroutine gives way to the others.
	runtime.Gosched()
}

// awaitNetwork returns after the scheduler has asked the network which connections are ready.
//
// The Go scheduler asks the network only when no goroutine is ready, or every 10 ms. As long as a waiting caller is
// ready after each operation, requests would wait for these 10 ms. So awaitNetwork reads a byte from a pipe that
// another goroutine writes afterwards. When the byte is there, the scheduler has asked for all connections.
func awaitNetwork() {
	if p, ok := pipes.Get().(*pipe); ok {
		go p.write()
		if p.read() {
			pipes.Put(p)
		}
	}
}

// pipes holds pipes that are empty. If the garbage collector takes a pipe, its files are closed.
var pipes = sync.Pool{New: func() any {
	r, w, err := os.Pipe()
	if err != nil { // too many files are open: awaitNetwork does without
		return nil
	}
	return &pipe{r: r, w: w}
}}

type pipe struct {
	r, w *os.File
	buf  [1]byte
}

// write writes a byte. If that fails, write ends the pipe, so that read never waits in vain.
func (p *pipe) write() {
	if _, err := p.w.Write([]byte{0}); err != nil {
		_ = p.w.Close()
	}
}

// read waits for a byte. It returns false if the pipe has ended.
func (p *pipe) read() bool {
	_, err := p.r.Read(p.buf[:])
	return err == nil
}
