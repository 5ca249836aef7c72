package server_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/wait"
)

// A sender that is too slow loses its connection after 30 s and gets no allow, in any part of a request.
func TestASlowSenderLosesItsConnection(t *testing.T) {
	r := start(t, "known")
	whole := fmt.Sprintf(known, len(aliceReads), aliceReads)
	for name, sent := range map[string]string{
		"nothing":           "",
		"half a header":     whole[:40],
		"half a body":       whole[:len(whole)-10],
		"a second question": whole[:len(whole)-10],
	} {
		before := sample(t, r.metrics(), "claimgate_connections")
		c := r.connect()
		if name == "a second question" {
			c.write(whole)
			c.read()
			r.idle()
		}
		if _, err := io.WriteString(c, sent); err != nil {
			t.Fatal(err)
		}
		wait.Until(t, "the first byte is read", func() bool { return sent == "" || r.server.Busy() > 0 })
		wait.Until(t, "the connection is accepted", func() bool { return sample(t, r.metrics(), "claimgate_connections") > before })
		r.server.Pass(29 * time.Second)
		asks := r.connect()
		asks.write(whole)
		if body, _ := asks.read(); body != `{"result":true}` {
			t.Errorf("%s: another gets %s", name, body)
		}
		_ = asks.Close()
		r.server.Pass(3 * time.Second)
		rest, _ := io.ReadAll(c)
		if strings.Contains(string(rest), "true") || sent != "" && !strings.Contains(string(rest), `{"result":false`) {
			t.Errorf("%s: got %q", name, rest)
		}
		_ = c.Close()
		wait.Until(t, "the end of the connection", func() bool { return sample(t, r.metrics(), "claimgate_connections") == before })
	}
}

// idle waits until no request is in progress. A client has its answer shortly before the server notes the end of the
// request.
func (r *running) idle() {
	r.t.Helper()
	wait.Until(r.t, "the end of the request", func() bool { return r.server.Busy() == 0 })
}

// MinIO keeps an idle connection for 15 s. The server must not close it earlier, and must not keep it
// for ever.
func TestAnIdleConnectionIsKeptForLongerThanMinIOKeepsIt(t *testing.T) {
	r := start(t, "known")
	c := r.connect()
	for range 3 {
		c.write(fmt.Sprintf(known, len(aliceReads), aliceReads))
		if body, closes := c.read(); body != `{"result":true}` || closes {
			t.Fatalf("got %s, closes %v", body, closes)
		}
		r.idle()
		r.server.Pass(60 * time.Second)
	}
	c.write(fmt.Sprintf(known, len(aliceReads), aliceReads))
	c.read()
	r.idle()
	r.server.Pass(77 * time.Second)
	if !c.closed() {
		t.Error("an idle connection is kept for longer than 75 s")
	}
}
