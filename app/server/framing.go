package server

import (
	"bytes"

	"github.com/valyala/fasthttp"
)

// misframed prevents request smuggling. It returns what is ambiguous about the length of a request's
// body, or "". If a proxy and this server read the length differently, the server takes the end of an
// unknown caller's body for a request. That request then comes over MinIO's connection, and the server
// answers it as MinIO's.
//
// fasthttp refuses two different lengths, unknown codings and blanks before the colon. misframed
// refuses the rest of what a proxy may read differently. MinIO sends none of it.
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

// chunked is the ContentLength that fasthttp gives a chunked body.
const chunked = -1

func isField(line []byte, name string) bool {
	return len(line) > len(name) && line[len(name)] == ':' && bytes.EqualFold(line[:len(name)], []byte(name))
}
