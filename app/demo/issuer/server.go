package issuer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server is an issuer that listens.
type Server struct {
	*Issuer

	http   *http.Server
	served chan error
	close  func() error
}

// Listen starts an issuer on addr. If Options.URL is empty, the URL is
// http://<the listener's address>/application/o/minio/, so that "127.0.0.1:0" is enough for a test.
func Listen(ctx context.Context, addr string, o Options) (*Server, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("demo issuer: %w", err)
	}
	if o.URL == "" {
		o.URL = "http://" + listener.Addr().String() + "/application/o/minio/"
	}
	i, err := New(o)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s := &Server{
		Issuer: i,
		http:   &http.Server{Handler: i, ReadHeaderTimeout: 10 * time.Second},
		served: make(chan error, 1),
	}
	s.close = sync.OnceValue(s.stop)
	go func() { s.served <- s.http.Serve(listener) }()
	return s, nil
}

// Close stops the server at once, also within requests. A second call returns the same error.
func (s *Server) Close() error { return s.close() }

func (s *Server) stop() error {
	err := s.http.Close()
	if served := <-s.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
