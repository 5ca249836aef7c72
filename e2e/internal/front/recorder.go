package front

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"
)

// Call is a question from MinIO and its answer.
type Call struct {
	Body     []byte // empty for the start-up probe
	Decision string // X-Claimgate-Decision
	Reason   string // X-Claimgate-Reason
}

// Recorder is a proxy that records requests.
type Recorder struct {
	server *http.Server
	ended  chan error

	mu     sync.Mutex
	calls  []Call
	failed []error
}

// Record serves l over TLS with serverTLS and passes every request to target. clientTLS
// must trust target.
func Record(l net.Listener, serverTLS *tls.Config, target *url.URL, clientTLS *tls.Config) *Recorder {
	r := &Recorder{ended: make(chan error, 1)}
	proxy := &httputil.ReverseProxy{
		Rewrite:        func(p *httputil.ProxyRequest) { p.SetURL(target) },
		Transport:      &http.Transport{TLSClientConfig: clientTLS},
		ModifyResponse: r.answered,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.failed = append(r.failed, err)
			w.WriteHeader(http.StatusBadGateway)
		},
	}
	r.server = &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			body, err := io.ReadAll(req.Body)
			if err != nil {
				proxy.ErrorHandler(w, req, err)
				return
			}
			req.Body = io.NopCloser(bytes.NewReader(body))
			proxy.ServeHTTP(w, req.WithContext(context.WithValue(req.Context(), bodyKey{}, body)))
		}),
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	go func() { r.ended <- r.server.Serve(tls.NewListener(l, serverTLS)) }()
	return r
}

// bodyKey is the context key of a request's body.
type bodyKey struct{}

func (r *Recorder) answered(res *http.Response) error {
	call := Call{Decision: res.Header.Get("X-Claimgate-Decision"), Reason: res.Header.Get("X-Claimgate-Reason")}
	call.Body, _ = res.Request.Context().Value(bodyKey{}).([]byte)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, call)
	return nil
}

// Calls returns the calls that were answered so far. The error is not nil if a call got
// no answer.
func (r *Recorder) Calls() ([]Call, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Call(nil), r.calls...), errors.Join(r.failed...)
}

// Close stops the recorder.
func (r *Recorder) Close() error {
	err := r.server.Close()
	if ended := <-r.ended; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}
