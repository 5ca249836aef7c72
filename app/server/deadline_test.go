package server_test

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
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
			until(t, func() bool { return r.server.Busy() == 0 }) // the server has finished the first request
		}
		if _, err := io.WriteString(c, sent); err != nil {
			t.Fatal(err)
		}
		until(t, func() bool { return sent == "" || r.server.Busy() > 0 })                        // the server has read the first byte
		until(t, func() bool { return sample(t, r.metrics(), "claimgate_connections") > before }) // the server has accepted
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
		until(t, func() bool { return sample(t, r.metrics(), "claimgate_connections") == before })
	}
}

// until waits until holds returns true, for 20 s at most.
func until(t *testing.T, holds func() bool) {
	t.Helper()
	for begun := time.Now(); !holds(); runtime.Gosched() {
		if time.Since(begun) > 20*time.Second {
			t.Fatal("the condition does not hold after 20 s")
		}
	}
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
		until(t, func() bool { return r.server.Busy() == 0 })
		r.server.Pass(60 * time.Second)
	}
	c.write(fmt.Sprintf(known, len(aliceReads), aliceReads))
	c.read()
	until(t, func() bool { return r.server.Busy() == 0 })
	r.server.Pass(77 * time.Second)
	if !c.closed() {
		t.Error("an idle connection is kept for longer than 75 s")
	}
}
