package strictjson

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// string reads a string, checking its escapes and its UTF-8 without decoding.
func (d *Document) string() error {
	i := d.open(String)
	d.pos++
	for {
		d.pos += plain(d.data[d.pos:])
		if d.pos == len(d.data) {
			return d.fail("a string does not end")
		}
		switch c := d.data[d.pos]; {
		case c == '"':
			d.pos++
			d.close(i)
			return nil
		case c == '\\':
			d.nodes[i].escaped = true
			if err := d.escape(); err != nil {
				return err
			}
		case c < ' ':
			return d.fail("a control character must be escaped")
		default:
			r, size := utf8.DecodeRune(d.data[d.pos:])
			if r == utf8.RuneError && size == 1 {
				return d.fail("the text is not valid UTF-8")
			}
			d.pos += size
		}
	}
}

// plain counts the bytes at the beginning of b that stand for themselves: ASCII
// without quotes, backslashes and control characters. It looks at eight at a
// time, since nearly all of a request is such text.
func plain(b []byte) int {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	n := 0
	for ; n+8 <= len(b); n += 8 {
		w := binary.LittleEndian.Uint64(b[n:])
		// For x without high bits, x-k sets the high bit of a byte below k, or
		// passes a borrow on, which only ever marks a byte after a true one; the
		// lowest mark is exact, and only that one is used.
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		special := (w | (w - ones*' ') | (quote - ones) | (slash - ones)) & highs
		if special != 0 {
			return n + bits.TrailingZeros64(special)/8
		}
	}
	for ; n < len(b); n++ {
		if c := b[n]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			break
		}
	}
	return n
}

func (d *Document) escape() error {
	if d.pos+1 >= len(d.data) {
		return d.fail("a string does not end")
	}
	switch d.data[d.pos+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		d.pos += 2
		return nil
	case 'u':
		r, ok := hex4(d.data[d.pos+2:])
		if !ok {
			return d.fail(`\u needs four hexadecimal digits`)
		}
		if utf16.IsSurrogate(r) {
			rest := d.data[d.pos+6:]
			if len(rest) < 6 || rest[0] != '\\' || rest[1] != 'u' {
				return d.fail("half a surrogate pair is no character")
			}
			low, ok := hex4(rest[2:])
			if !ok || utf16.DecodeRune(r, low) == utf8.RuneError {
				return d.fail("half a surrogate pair is no character")
			}
			d.pos += 6
		}
		d.pos += 6
		return nil
	}
	return d.fail("there is no such escape")
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unescape appends the decoded text of a string that parse has accepted.
func unescape(dst, s []byte) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			dst = append(dst, s[i])
			continue
		}
		i++
		switch s[i] {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, _ := hex4(s[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				low, _ := hex4(s[i+3:])
				r = utf16.DecodeRune(r, low)
				i += 6
			}
			dst = utf8.AppendRune(dst, r)
		default: // a quote, a backslash or a slash stands for itself
			dst = append(dst, s[i])
		}
	}
	return dst
}
