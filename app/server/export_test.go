package server

import "time"

// Pass lets time pass for the deadlines of connections.
func (s *Server) Pass(d time.Duration) {
	l := s.listener.Load()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begun = l.begun.Add(-d)
	l.expire()
}

// Busy is how many connections have a request under way, or an answer that the
// server has sent and not yet taken note of.
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
