package server_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// smuggled is a request that would be allowed. It stands where a proxy that reads the length differently
// sees a part of the body.
var smuggled = fmt.Sprintf(question, len(aliceReads), aliceReads)

// A request with an ambiguous length gets one answer, a deny. Then the server closes the connection and
// reads no further request from it.
func TestARequestOfTwoLengthsIsRefusedAndNothingAfterItIsRead(t *testing.T) {
	r := start(t)
	chunkedBody := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(aliceReads), aliceReads)
	length := fmt.Sprintf("Content-Length: %d\r\n", len(aliceReads))
	for name, text := range map[string]string{
		"length, then chunks":            "POST /authz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"chunks, then length":            "POST /authz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
		"chunks that would be allowed":   "POST /authz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n" + chunkedBody,
		"a length in other letters":      "POST /authz HTTP/1.1\r\nHost: x\r\ncONTENT-lENGTH: 5\r\ntRANSFER-eNCODING: chunked\r\n\r\n0\r\n\r\n",
		"identity":                       "POST /authz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n" + length + "\r\n" + aliceReads,
		"identity alone":                 "POST /authz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n",
		"gzip, chunked":                  "POST /authz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" + chunkedBody,
		"chunked twice in one":           "POST /authz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n" + chunkedBody,
		"chunked twice":                  "POST /authz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + chunkedBody,
		"chunked, then identity":         "POST /authz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + chunkedBody,
		"xchunked":                       "POST /authz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n" + chunkedBody,
		"a blank before the colon":       "POST /authz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n" + length + "\r\n" + aliceReads,
		"a folded coding":                "POST /authz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked\r\n\r\n" + chunkedBody,
		"a folded header":                "POST /authz HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n" + length + "\r\n" + aliceReads,
		"a coding folded into another":   "POST /authz HTTP/1.1\r\nHost: x\r\nX: a\r\n\tTransfer-Encoding: chunked\r\n" + length + "\r\n" + aliceReads,
		"a header that begins with tabs": "POST /authz HTTP/1.1\r\n\tHost: x\r\n" + length + "\r\n" + aliceReads,
		"a bare LF":                      "POST /authz HTTP/1.1\r\nHost: x\nTransfer-Encoding: chunked\r\n\r\n" + chunkedBody,
		"a bare LF that ends the header": "POST /authz HTTP/1.1\r\nHost: x\r\n" + length + "X: y\n\n" + aliceReads + "\r\n\r\n",
		"a bare CR":                      "POST /authz HTTP/1.1\r\nHost: x\r\nX: a\rTransfer-Encoding: chunked\r\n" + length + "\r\n" + aliceReads,
		"chunks in HTTP/1.0":             "POST /authz HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + chunkedBody,
		"two equal lengths":              "POST /authz HTTP/1.1\r\nHost: x\r\n" + length + length + "\r\n" + aliceReads,
		"two lengths in one":             "POST /authz HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\n{}   ",
		"a length with a sign":           "POST /authz HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\n{}",
		"a length in hexadecimal":        "POST /authz HTTP/1.1\r\nHost: x\r\nContent-Length: 0x2\r\n\r\n{}",
		"an endless length":              "POST /authz HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n{}",
		"no length value":                "POST /authz HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n",
		"an endless chunk size":          "POST /authz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
		"a negative chunk size":          "POST /authz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
		"a chunk size that ends with LF": "POST /authz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2;a\n{}\r\n0\r\n\r\n",
		"a chunk longer than its size":   "POST /authz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
		"a NUL in a header":              "POST /authz HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n" + length + "\r\n" + aliceReads,
		"two hosts":                      "POST /authz HTTP/1.1\r\nHost: x\r\nHost: y\r\n" + length + "\r\n" + aliceReads,
		"no host":                        "POST /authz HTTP/1.1\r\n" + length + "\r\n" + aliceReads,
		"HTTP/2's preface":               "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"thousands of headers":           "POST /authz HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("A: b\r\n", 10_000) + length + "\r\n" + aliceReads,
		"an endless line":                "POST /" + strings.Repeat("a", 64<<10) + " HTTP/1.1\r\nHost: x\r\n" + length + "\r\n" + aliceReads,
	} {
		t.Run(name, func(t *testing.T) {
			c := r.connect()
			_, _ = io.WriteString(c, text+smuggled) // the server may close before all is written
			resp, err := http.ReadResponse(c.answer, nil)
			if err != nil {
				t.Fatalf("no answer: %v", err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode/100 != 4 || !strings.Contains(string(body), `"result":false`) {
				t.Errorf("got %d %s", resp.StatusCode, body)
			}
			if rest, _ := io.ReadAll(c.answer); len(rest) > 0 {
				t.Errorf("what came after it was answered: %q", rest)
			}
		})
	}
}

// A chunked body without ambiguity is accepted, because a proxy may turn a Content-Length into chunks.
func TestChunksAreRead(t *testing.T) {
	r := start(t)
	for name, text := range map[string]string{
		"one chunk":     fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(aliceReads), aliceReads),
		"two chunks":    fmt.Sprintf("a\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", aliceReads[:10], len(aliceReads)-10, aliceReads[10:]),
		"an extension":  fmt.Sprintf("%x;name=value\r\n%s\r\n0\r\n\r\n", len(aliceReads), aliceReads),
		"a trailer":     fmt.Sprintf("%x\r\n%s\r\n0\r\nX-Trailer: a\r\n\r\n", len(aliceReads), aliceReads),
		"leading zeros": fmt.Sprintf("000%x\r\n%s\r\n0\r\n\r\n", len(aliceReads), aliceReads),
	} {
		c := r.connect()
		c.write("POST /authz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + text + smuggled)
		for range 2 { // the second answer shows that the server found the second request
			if body, closes := c.read(); body != `{"result":true}` || closes {
				t.Errorf("%s: got %s, closes %v", name, body, closes)
			}
		}
	}
}
