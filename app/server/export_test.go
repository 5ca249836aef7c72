package server

import "time"

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
