package server_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/wait"
)

const known = "POST /authz HTTP/1.1\r\nHost: x\r\nAuthorization: known\r\nContent-Length: %d\r\n\r\n%s"

// A flood of unknown callers that send nothing or little must not take a connection from MinIO: neither
// an open connection, nor the next one that MinIO opens.
func TestStrangersTakeNoConnectionFromMinIO(t *testing.T) {
	r := start(t, "known")
	asks := func(c *client) {
		t.Helper()
		c.write(fmt.Sprintf(known, len(aliceReads), aliceReads))
		if body, closes := c.read(); body != `{"result":true}` || closes {
			t.Errorf("got %s, closes %v", body, closes)
		}
	}
	minio := r.connect()
	asks(minio)
	var flood []*client
	for i := range 5 * maxConnections {
		c := r.connect()
		if i%2 == 0 {
			_, _ = io.WriteString(c, "POST /authz HTTP/1.1\r\nHost: x\r\nX: ") // a slow sender
		}
		flood = append(flood, c)
	}
	asks(minio)
	another := r.connect()
	asks(another)
	if !flood[0].closed() {
		t.Error("the stranger that had been there longest keeps its connection")
	}
	text := r.metrics()
	if got := sample(t, text, "claimgate_connections"); got > maxConnections {
		t.Errorf("%v connections are open, the bound is %d", got, maxConnections)
	}
	if got := sample(t, text, `claimgate_connection_limit_total{outcome="evicted"}`); got < 3*maxConnections {
		t.Errorf("%v strangers made room", got)
	}
	asks(minio)
}

// If MinIO's own connections fill the bound, the next connection waits and is not lost.
func TestAConnectionOfMinIOAboveTheLimitWaits(t *testing.T) {
	r := start(t, "known")
	var all []*client
	for range maxConnections {
		c := r.connect()
		c.write(fmt.Sprintf(known, len(aliceReads), aliceReads))
		c.read()
		all = append(all, c)
	}
	waiting := r.connect()
	waiting.write(fmt.Sprintf(known, len(aliceReads), aliceReads))
	wait.Until(t, "the connection waits", func() bool { return sample(t, r.metrics(), `claimgate_connection_limit_total{outcome="waited"}`) > 0 })
	_ = all[0].Close()
	if body, _ := waiting.read(); body != `{"result":true}` {
		t.Errorf("got %s", body)
	}
}

// Shutdown ends the listener's wait for room.
func TestShutdownEndsTheWaitForRoom(t *testing.T) {
	r := start(t, "known")
	var all []*client
	for range maxConnections {
		c := r.connect()
		c.write(fmt.Sprintf(known, len(aliceReads), aliceReads))
		c.read()
		all = append(all, c)
	}
	r.connect()
	wait.Until(t, "the connection waits", func() bool { return sample(t, r.metrics(), `claimgate_connection_limit_total{outcome="waited"}`) > 0 })
	stopped := make(chan error, 1)
	go func() { stopped <- r.server.Shutdown(t.Context()) }()
	for _, c := range all {
		_ = c.Close()
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// Without caller tokens only this machine may send requests. The body limit for other machines is the
// one for unknown callers.
func TestOtherMachinesHaveTheSmallBodyLimit(t *testing.T) {
	r := startOn(t, func(l net.Listener) net.Listener { return fromElsewhere{l} }, time.Now)
	c := r.connect()
	c.write(fmt.Sprintf("POST /authz HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", 100<<10))
	if body, closes := c.read(); !closes || !strings.Contains(body, "caller_unauthenticated") {
		t.Errorf("a large body got %s, closes %v", body, closes)
	}
	c = r.connect()
	c.write(fmt.Sprintf(question, len(aliceReads), aliceReads))
	if body, closes := c.read(); !closes || !strings.Contains(body, "caller_unauthenticated") {
		t.Errorf("a question got %s, closes %v", body, closes)
	}
	logout := "logout_token=x"
	if got := r.send("POST", "http://"+r.address+"/backchannel-logout", "", []byte(logout)); got.status != 400 {
		t.Errorf("a logout got %+v", got)
	}
}

// fromElsewhere makes connections look as if they came from another machine.
type fromElsewhere struct{ net.Listener }

func (l fromElsewhere) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return remote{c}, err
}

type remote struct{ net.Conn }

func (remote) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1} }

func sample(t *testing.T, text, name string) float64 {
	t.Helper()
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			var v float64
			if _, err := fmt.Sscan(rest, &v); err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}
