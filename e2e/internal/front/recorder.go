package front

import (
	"bytes"
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

// Call is one question of MinIO's and the answer it got.
type Call struct {
	Body     []byte // empty for the start-up probe
	Decision string // X-Claimgate-Decision
	Reason   string // X-Claimgate-Reason
}

// Recorder passes requests on and keeps them.
type Recorder struct {
	server *http.Server
	ended  chan error

	mu     sync.Mutex
	calls  []Call
	failed []error
}

// Record serves l over TLS with serverTLS and passes every request to target,
// which clientTLS trusts.
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
			req.Body = kept{bytes.NewReader(body), body}
			proxy.ServeHTTP(w, req)
		}),
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	go func() { r.ended <- r.server.Serve(tls.NewListener(l, serverTLS)) }()
	return r
}

// kept is a request's body that is still known when the answer comes.
type kept struct {
	io.Reader
	body []byte
}

func (kept) Close() error { return nil }

func (r *Recorder) answered(res *http.Response) error {
	call := Call{Decision: res.Header.Get("X-Claimgate-Decision"), Reason: res.Header.Get("X-Claimgate-Reason")}
	if k, ok := res.Request.Body.(kept); ok {
		call.Body = k.body
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, call)
	return nil
}

// Calls are those that were answered so far. The error tells of others.
func (r *Recorder) Calls() ([]Call, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Call(nil), r.calls...), errors.Join(r.failed...)
}

// Close ends everything.
func (r *Recorder) Close() error {
	err := r.server.Close()
	if ended := <-r.ended; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}
