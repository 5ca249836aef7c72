package server_test

import (
	"fmt"
	"strings"
	"testing"
)

// Whoever reaches the port can be refused any number of times: that must not
// fill the disk. What MinIO asks has its line all the same.
func TestRefusalsOfStrangersDoNotFillTheDecisionLog(t *testing.T) {
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
	if got := strings.Count(r.program.String(), "faster than the decision log takes"); got != 1 {
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
