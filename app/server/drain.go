package server

import (
	"context"
	"errors"
	"time"
)

// Drain asks clients to leave: from now on every answer carries "Connection:
// close". New connections are still taken.
func (s *Server) Drain() { s.draining.Store(true) }

// Shutdown stops listening and waits until every connection is closed, at most
// until ctx ends. Connections without a request under way are then closed; where
// there are others, it returns ctx's error.
//
// It closes no idle connection before: MinIO keeps one for 15 s and never repeats
// a question that it has begun to send. A server that closes first races with
// that question, and the loser is a denied user. What is in use says so by its
// next question, which is answered with "Connection: close"; what is not, MinIO
// closes.
func (s *Server) Shutdown(ctx context.Context) error {
	s.Drain()
	l := s.listener.Load()
	if l == nil {
		return nil // it has never served
	}
	if err := l.Close(); err != nil {
		return err
	}
	l.wait(ctx.Done())
	if busy := l.closeIdle(); busy > 0 {
		return ctx.Err()
	}
	// Nothing is under way: fasthttp only has to take note.
	const unwind = 5 * time.Second
	ended, cancel := context.WithTimeout(context.WithoutCancel(ctx), unwind)
	defer cancel()
	err := s.app.ShutdownWithContext(ended)
	if s.remoteApp != nil {
		err = errors.Join(err, s.remoteApp.ShutdownWithContext(ended))
	}
	return err
}
