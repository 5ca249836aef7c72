package server

import (
	"bytes"

	"github.com/valyala/fasthttp"
)

// misframed says what is wrong with the way in which a request tells how long it
// is, "" for nothing. Where two servers in a row read that differently, the second
// takes for a request what the first took for a body: a stranger's body then
// speaks with MinIO's connection and is answered as if MinIO had asked.
//
// fasthttp refuses different lengths, unknown codings and blanks before the colon.
// What it takes and a proxy in front may read otherwise is refused here; MinIO
// sends none of it.
func misframed(h *fasthttp.RequestHeader) string {
	length, coding := false, false
	for raw := h.RawHeaders(); len(raw) > 0; {
		end := bytes.IndexByte(raw, '\n')
		if end < 0 {
			end = len(raw) - 1
		}
		line := raw[:end]
		raw = raw[end+1:]
		if len(line) == 0 || line[len(line)-1] != '\r' {
			return "a line of the header does not end with CR LF (RFC 9112 section 2.2)"
		}
		switch line[0] {
		case ' ', '\t':
			return "a line of the header is folded (RFC 9112 section 5.2)"
		case 'C', 'c':
			length = length || isField(line, "Content-Length")
		case 'T', 't':
			coding = coding || isField(line, "Transfer-Encoding")
		}
	}
	switch {
	case !coding:
		return ""
	case length:
		return "Content-Length stands beside Transfer-Encoding (RFC 9112 section 6.1)"
	case !h.IsHTTP11():
		return "Transfer-Encoding in HTTP/1.0 (RFC 9112 section 6.1)"
	case h.ContentLength() != chunked:
		return "the Transfer-Encoding is not chunked (RFC 9112 section 6.3)"
	default:
		return ""
	}
}

// chunked is fasthttp's length of a chunked body.
const chunked = -1

func isField(line []byte, name string) bool {
	return len(line) > len(name) && line[len(name)] == ':' && bytes.EqualFold(line[:len(name)], []byte(name))
}
