package server

import (
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// piped is a listener that accepts one end of a pipe.
type piped struct {
	net.Listener
	end net.Conn
}

func (p *piped) Accept() (net.Conn, error) { return p.end, nil }
func (p *piped) Close() error              { return nil }

// The timeout of each phase counts from the phase's start, and ends it with os.ErrDeadlineExceeded.
func TestEachPhaseHasItsTimeout(t *testing.T) {
	reads := func(c *conn) error { _, err := c.Read(make([]byte, 1)); return err }
	writes := func(c *conn) error { _, err := c.Write([]byte("x")); return err }
	for name, test := range map[string]struct {
		begin phase
		do    func(*conn) error
		least time.Duration // 0 is no bound
	}{
		"reading":                         {reading, reads, 30 * time.Second},
		"idle":                            {idle, reads, 75 * time.Second},
		"deciding":                        {deciding, reads, 0},
		"writing the answer":              {deciding, writes, 30 * time.Second},
		"writing in a handshake":          {reading, writes, 32 * time.Second},
		"writing to keep a session alive": {idle, writes, 77 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				end, far := net.Pipe()
				l := newListener(&piped{end: end}, 10, &NewMetrics("", "").connections, zerolog.Nop())
				accepted, err := l.Accept()
				if err != nil {
					t.Fatal(err)
				}
				c := accepted.(*conn)
				time.Sleep(20*time.Second + time.Millisecond) // the time before the phase must not count
				c.setPhase(test.begin)
				begun := time.Now()
				if test.least == 0 {
					time.AfterFunc(time.Hour, func() { _ = far.Close() })
				}
				err = test.do(c)
				took := time.Since(begun)
				switch {
				case test.least == 0 && took != time.Hour:
					t.Errorf("the phase ended after %s with %v, want no timeout", took, err)
				case test.least > 0 && (took < test.least || took > test.least+2*time.Second || !errors.Is(err, os.ErrDeadlineExceeded)):
					t.Errorf("the phase ended after %s with %v, its timeout is %s", took, err, test.least)
				}
				_ = c.Close()
				_ = far.Close()
				time.Sleep(2 * time.Second) // until the last check of the timeouts
				l.mu.Lock()
				defer l.mu.Unlock()
				if l.checking {
					t.Error("the timeouts are still checked without a connection")
				}
			})
		})
	}
}
