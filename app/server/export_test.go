package server

import (
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// Pass moves the clock of the connections' timeouts forward by d, and checks the timeouts.
func (s *Server) Pass(d time.Duration) {
	l := s.listener.Load()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.created = l.created.Add(-d)

	l.expire()
}

// Busy returns how many connections have a request in progress. An answered connection counts until the
// server is back in StateIdle, which is shortly after the client has the answer.
func (s *Server) Busy() (busy int) {
	l := s.listener.Load()
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		if c.busy.Load() {
			busy++
		}
	}
	return busy
}

// StopSamplers stops the clock of zerolog's samplers until the end of the test, so that all refusals of the test fall
// into one minute, on a busy machine too. Call it before the server starts.
func StopSamplers(t testing.TB) {
	t.Helper()
	before, now := zerolog.TimestampFunc, time.Now()
	zerolog.TimestampFunc = func() time.Time { return now }
	t.Cleanup(func() { zerolog.TimestampFunc = before })
}
