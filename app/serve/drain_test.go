package serve

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/app/demo"
	"github.com/claimgate/claimgate/internal/testsupport/wait"
	"github.com/rs/zerolog"
)

// A load balancer that polls /readyz needs time to notice a stop. Until then requests still arrive, and the
// service answers each of them.
func TestReadyzShowsAStopBeforeTheListenerCloses(t *testing.T) {
	l := start(t, "CLAIMGATE_SERVER_DRAIN_DELAY=3s")
	if status, _ := l.get("/readyz"); status != 200 {
		t.Fatalf("/readyz before the stop: %d", status)
	}
	waiting, noticed := make(chan time.Duration), make(chan struct{})
	l.wait = func(d time.Duration) {
		waiting <- d
		<-noticed
	}
	l.stop()
	if d := <-waiting; d != 3*time.Second {
		t.Errorf("the listener closes after %s", d)
	}
	if status, body := l.get("/readyz"); status != 503 || !strings.Contains(body, `"draining":true`) {
		t.Errorf("/readyz while stopping: %d %s", status, body)
	}
	if !l.answers(true)() {
		t.Error("a question between the stop signal and the closing was not answered")
	}
	close(noticed)
	wait.Until(t, "the closing of the listener", func() bool {
		c, err := net.Dial("tcp", l.publicListener.Addr().String())
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
}

// A client that never finishes its TLS handshake does not delay a stop until server.shutdown_grace is over.
func TestAnIdleHandshakeDoesNotDelayAStop(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "c"), filepath.Join(dir, "k")
	certificate(t, cert, key)
	l := start(t, "CLAIMGATE_SERVER_TLS_CERT="+cert, "CLAIMGATE_SERVER_TLS_KEY="+key, "CLAIMGATE_SERVER_SHUTDOWN_GRACE=10m")
	c, err := net.Dial("tcp", l.publicListener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte{0x16, 3, 1}); err != nil { // the beginning of a ClientHello
		t.Fatal(err)
	}
	wait.Until(t, "the connection", func() bool { _, text := l.get("/metrics"); return metric(text, "claimgate_connections") > 0 })
	l.stop()
	if err := c.SetReadDeadline(time.Now().Add(2 * time.Minute)); err != nil { // a fifth of the grace
		t.Fatal(err)
	}
	if _, err := io.ReadAll(c); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection is open while the grace lasts")
	}
	wait.Until(t, "the end of the stop", func() bool { return l.program.count(`"message":"stopping"`) == 1 })
	if l.program.count("ran out") > 0 {
		t.Error("the grace ran out")
	}
}

// A request in progress at the stop signal is answered, and its line is in the log.
func TestAStopLosesNoLine(t *testing.T) {
	l := start(t, "CLAIMGATE_SERVER_SHUTDOWN_GRACE=5m")
	ctx, stopLoad := context.WithCancel(t.Context())
	answered := make(chan int, 1)
	go func() {
		n := 0
		for ctx.Err() == nil {
			if _, _, err := demo.Ask(t.Context(), l.URL(), []byte(aliceReads)); err != nil {
				break // refused, once the listener is closed
			}
			n++
		}
		http.DefaultClient.CloseIdleConnections()
		answered <- n
	}()
	wait.Until(t, "the first lines", func() bool {
		text, _ := os.ReadFile(l.path("decisions.jsonl"))
		return strings.Count(string(text), "\n") > 10
	})
	l.stop()
	if err := <-l.ended; err != nil {
		t.Errorf("the service ended with %v", err)
	}
	l.ended <- nil // for the clean-up
	stopLoad()
	n := <-answered
	text, err := os.ReadFile(l.path("decisions.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(text), "\n"); lines != n {
		t.Errorf("%d answers have %d lines", n, lines)
	}
}

func TestAListenerThatFailsEndsTheServiceAtOnce(t *testing.T) {
	dir := t.TempDir()
	mapping := dir + "/mapping.toml"
	if err := os.WriteFile(mapping, []byte(grantsRead), 0o600); err != nil {
		t.Fatal(err)
	}
	c, found := config.Load("", []string{
		"CLAIMGATE_SERVER_LISTEN=127.0.0.1:0", "CLAIMGATE_ADMIN_LISTEN=127.0.0.1:0", "CLAIMGATE_AUDIT_OUTPUT=off",
		"CLAIMGATE_ISSUER_0_URL=http://127.0.0.1:1/", "CLAIMGATE_ISSUER_0_AUDIENCES=minio", "CLAIMGATE_MAPPING_FILE=" + mapping,
	})
	if c == nil {
		t.Fatal(found)
	}
	s, err := New(t.Context(), c, Build{}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	s.wait = func(d time.Duration) {
		if d != 0 {
			t.Errorf("the stop waits %s for load balancers, although no request can arrive", d)
		}
	}
	if err := s.adminListener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the service ended with %v", err)
	}
}
