package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/app/server"
)

// Anybody who reaches the port can cause refusals without end. They must not fill the disk, and MinIO's
// requests still have their lines.
func TestRefusalsOfStrangersDoNotFillTheDecisionLog(t *testing.T) {
	server.StopSamplers(t)
	r := start(t, "a token that is known")
	const sent, lines = 800, 600
	elsewhere := "http://" + r.address + "/"
	for i := range sent {
		switch i % 3 {
		case 0:
			r.send("POST", elsewhere, "", nil) // 404
		case 1:
			r.send("GET", r.url, "", nil) // 405
		default:
			r.send("POST", r.url, "", nil) // 401
		}
	}
	if got := len(r.lines()); got != lines {
		t.Errorf("%d refusals have %d lines, want %d", sent, got, lines)
	}
	if got := strings.Count(r.program.String(), "faster than the decision log takes lines"); got != 1 {
		t.Errorf("the program's log speaks of it %d times", got)
	}
	if text := r.metrics(); !strings.Contains(text, fmt.Sprintf("claimgate_refusals_unwritten_total %d", sent-lines)) {
		t.Error("the metrics do not count what is not written")
	}
	for range 3 {
		r.send("POST", r.url, "a token that is known", []byte(aliceReads))
		r.send("POST", r.url, "a token that is known", []byte("{}"))
	}
	if got := len(r.lines()); got != lines+6 {
		t.Errorf("six questions of MinIO's have %d lines", got-lines)
	}
}

func TestAStrangerKeepsNoConnection(t *testing.T) {
	r := start(t, "a token that is known")
	for _, text := range []string{
		"POST /authz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
		"GET /authz HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		c := r.connect()
		c.write(text)
		if body, closes := c.read(); !closes || !strings.Contains(body, `"result":false`) {
			t.Errorf("%.12s: %s, closes %v", text, body, closes)
		}
	}
}

// A request of a known caller always has its line, whatever unknown callers send. If the server has read
// the body, it keeps the connection.
func TestAKnownCallersRefusalsAlwaysHaveTheirLine(t *testing.T) {
	server.StopSamplers(t)
	const token, strangers = "a token that is known", 600
	r := start(t, token)
	elsewhere := "http://" + r.address + "/"
	for range strangers {
		r.send("POST", elsewhere, "", nil)
	}
	large := strings.Repeat(" ", maxBody+1)
	for n, tc := range []struct {
		method, url, body string
		status            int
	}{
		{"POST", elsewhere, "", 404},
		{"GET", r.url, "", 405},
		{"POST", r.url, large, 413},
	} {
		if got := r.send(tc.method, tc.url, token, []byte(tc.body)); got.status != tc.status {
			t.Errorf("got %d, want %d", got.status, tc.status)
		}
		if got := len(r.lines()); got != strangers+n+1 {
			t.Errorf("%d has no line: %d lines, want %d", tc.status, got, strangers+n+1)
		}
	}
	if r.send("POST", elsewhere, token, []byte(large)); len(r.lines()) != strangers+3 {
		t.Error("too large a body on another path has its line although strangers have used theirs up")
	}
	c := r.connect()
	for _, request := range []string{"POST /", "GET /authz"} {
		c.write(request + " HTTP/1.1\r\nHost: x\r\nAuthorization: " + token + "\r\nContent-Length: 0\r\n\r\n")
		if _, closes := c.read(); closes {
			t.Errorf("%s of a known caller closes its connection", request)
		}
	}
}
