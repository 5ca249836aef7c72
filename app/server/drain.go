package server

import (
	"context"
	"errors"
	"time"
)

// Drain makes every further answer carry "Connection: close", so that clients leave. The server still
// accepts new connections.
func (s *Server) Drain() { s.draining.Store(true) }

// Shutdown stops listening and waits until every connection is closed, or until ctx ends. Then Shutdown
// closes the connections without a request in progress. If there are other connections, Shutdown returns
// ctx's error. Before Serve, Shutdown does nothing.
//
// Unlike net/http, Shutdown does not close idle connections at once. MinIO keeps an idle connection for
// 15 s, and never repeats a request that it has begun to send: if the server closes at the same time, a
// user is denied. A connection in use ends after its next request, whose answer has "Connection: close".
// MinIO closes the other connections.
func (s *Server) Shutdown(ctx context.Context) error {
	s.Drain()
	l := s.listener.Load()
	if l == nil {
		return nil // Serve was never called
	}
	if err := l.Close(); err != nil {
		return err
	}
	l.wait(ctx.Done())
	if busy := l.closeIdle(); busy > 0 {
		return ctx.Err()
	}
	// No request is in progress: fasthttp only has to end its goroutines.
	const unwindTime = 5 * time.Second
	unwinding, cancel := context.WithTimeout(context.WithoutCancel(ctx), unwindTime)
	defer cancel()
	err := s.app.ShutdownWithContext(unwinding)
	if s.remoteApp != nil {
		err = errors.Join(err, s.remoteApp.ShutdownWithContext(unwinding))
	}
	return err
}
