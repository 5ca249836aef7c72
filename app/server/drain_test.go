package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/wait"
)

// client is one connection of a MinIO.
type client struct {
	net.Conn
	t      *testing.T
	answer *bufio.Reader
}

func (r *running) connect() *client {
	r.t.Helper()
	c, err := net.Dial("tcp", r.address)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil { // ends a test that hangs
		r.t.Fatal(err)
	}
	return &client{c, r.t, bufio.NewReader(c)}
}

const question = "POST /authz HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"

func (c *client) write(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatal(err)
	}
}

// read returns an answer and whether the server says that it closes.
func (c *client) read() (body string, closes bool) {
	c.t.Helper()
	resp, err := http.ReadResponse(c.answer, nil)
	if err != nil {
		c.t.Fatalf("no answer: %v", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(text), resp.Close
}

func (c *client) ask() (body string, closes bool) {
	c.t.Helper()
	c.write(fmt.Sprintf(question, len(aliceReads), aliceReads))
	return c.read()
}

// closed waits until the server has closed the connection.
func (c *client) closed() bool {
	_, err := c.answer.ReadByte()
	return errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || err != nil && strings.Contains(err.Error(), "reset")
}

// stop starts a Shutdown, and returns when the listener is closed. The channel receives Shutdown's
// result.
func (r *running) stop(ctx context.Context) <-chan error {
	stopped := make(chan error, 1)
	go func() { stopped <- r.server.Shutdown(ctx) }()
	<-r.closed
	return stopped
}

// begin sends the first part of a request, and returns when the server reads it. The server must be idle.
func (c *client) begin(r *running, text string) {
	c.t.Helper()
	r.idle()
	c.write(text)
	wait.Until(c.t, "the server reads the request", func() bool { return r.server.Busy() == 1 })
}

func TestADrainingServerAnswersEverybodyAndAsksThemToLeave(t *testing.T) {
	r := start(t)
	old := r.connect()
	if body, closes := old.ask(); body != `{"result":true}` || closes {
		t.Fatalf("before the drain: %s, closes %v", body, closes)
	}
	r.server.Drain()
	for name, c := range map[string]*client{"a kept connection": old, "a new connection": r.connect()} {
		if body, closes := c.ask(); body != `{"result":true}` || !closes {
			t.Errorf("%s: %s, closes %v", name, body, closes)
		}
		if !c.closed() {
			t.Errorf("%s stays open", name)
		}
	}
}

// MinIO never repeats a request that it has begun to send. A server that closes the connection under
// that request denies a user.
func TestAKeptConnectionIsNotClosedUnderItsNextQuestion(t *testing.T) {
	r := start(t)
	unused, kept := r.connect(), r.connect()
	kept.ask() // after this the server has accepted both
	stopped := r.stop(t.Context())
	for name, c := range map[string]*client{"a kept connection": kept, "one that has sent nothing yet": unused} {
		if body, closes := c.ask(); body != `{"result":true}` || !closes {
			t.Errorf("%s: %s, closes %v", name, body, closes)
		}
	}
	if err := <-stopped; err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func TestShutdownReturnsWhenTheClientsHaveLeft(t *testing.T) {
	r := start(t)
	kept := r.connect()
	kept.ask()
	stopped := r.stop(t.Context())
	_ = kept.Close() // as MinIO does after 15 s
	if err := <-stopped; err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func TestShutdownClosesConnectionsWithoutARequest(t *testing.T) {
	r := start(t)
	kept, unused := r.connect(), r.connect()
	kept.ask()
	r.idle()
	ended, cancel := context.WithCancel(t.Context())
	stopped := r.stop(ended)
	cancel()
	if err := <-stopped; err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if !kept.closed() || !unused.closed() {
		t.Error("a connection stays open after the end")
	}
}

func TestARequestUnderWayIsAnsweredBeforeTheServerStops(t *testing.T) {
	r := start(t)
	c := r.connect()
	c.ask()
	c.begin(r, fmt.Sprintf(question, len(aliceReads), aliceReads[:50]))
	stopped := r.stop(t.Context())
	select {
	case err := <-stopped:
		t.Fatalf("the server stopped with a request under way: %v", err)
	default:
	}
	c.write(aliceReads[50:])
	if body, closes := c.read(); body != `{"result":true}` || !closes {
		t.Errorf("the request under way got %s, closes %v", body, closes)
	}
	if err := <-stopped; err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func TestShutdownReportsARequestThatOutlastsTheGrace(t *testing.T) {
	r := start(t)
	c := r.connect()
	c.ask()
	c.begin(r, "POST /authz HTTP/1.1\r\n")
	ended, cancel := context.WithCancel(t.Context())
	stopped := r.stop(ended)
	cancel()
	if err := <-stopped; !errors.Is(err, context.Canceled) {
		t.Errorf("shutdown: %v", err)
	}
	_ = c.Close()
}
