package strictjson

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// text reads a string whose opening quote is at pos, checking its escapes and its
// UTF-8 without decoding. It returns the position behind the closing quote; or
// that of what is wrong, with what that is.
func text(data []byte, pos int) (end int, escaped bool, wrong string) {
	pos++
	for pos+8 <= len(data) {
		found := special(binary.LittleEndian.Uint64(data[pos:]))
		if found == 0 {
			pos += 8
			continue
		}
		pos += bits.TrailingZeros64(found) / 8
		if data[pos] == '"' {
			return pos + 1, false, ""
		}
		break
	}
	return unplainText(data, pos)
}

// unplainText goes on with a string that is not all plain, or ends with the text.
func unplainText(data []byte, pos int) (end int, escaped bool, wrong string) {
	for {
		pos += Plain(data[pos:])
		if pos == len(data) {
			return pos, escaped, "a string does not end"
		}
		switch c := data[pos]; {
		case c == '"':
			return pos + 1, escaped, ""
		case c == '\\':
			escaped = true
			size, wrong := escape(data[pos:])
			if wrong != "" {
				return pos, escaped, wrong
			}
			pos += size
		case c < ' ':
			return pos, escaped, "a control character must be escaped"
		default:
			r, size := utf8.DecodeRune(data[pos:])
			if r == utf8.RuneError && size == 1 {
				return pos, escaped, "the text is not valid UTF-8"
			}
			pos += size
		}
	}
}

// Plain counts the bytes at the beginning of b that stand for themselves in a JSON
// string: ASCII without quotes, backslashes and control characters.
func Plain(b []byte) int {
	n := 0
	for ; n+8 <= len(b); n += 8 {
		if found := special(binary.LittleEndian.Uint64(b[n:])); found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for ; n < len(b); n++ {
		if c := b[n]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			break
		}
	}
	return n
}

// special looks at eight bytes at a time, since nearly all of a request is plain
// text: its lowest bit that is set is the high bit of the first byte that does
// not stand for itself, and there is none where all do.
func special(w uint64) uint64 {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	// For x without high bits, x-k sets the high bit of a byte below k, or
	// passes a borrow on, which only ever marks a byte after a true one; the
	// lowest mark is exact, and only that one is used.
	quote, slash := w^(ones*'"'), w^(ones*'\\')
	return (w | (w - ones*' ') | (quote - ones) | (slash - ones)) & highs
}

// escape returns the length of the escape that b begins with, or what is wrong
// with it.
func escape(b []byte) (size int, wrong string) {
	if len(b) < 2 {
		return 0, "a string does not end"
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2, ""
	case 'u':
		r, ok := hex4(b[2:])
		if !ok {
			return 0, `\u needs four hexadecimal digits`
		}
		if !utf16.IsSurrogate(r) {
			return 6, ""
		}
		rest := b[6:]
		if len(rest) < 6 || rest[0] != '\\' || rest[1] != 'u' {
			return 0, "half a surrogate pair is no character"
		}
		low, ok := hex4(rest[2:])
		if !ok || utf16.DecodeRune(r, low) == utf8.RuneError {
			return 0, "half a surrogate pair is no character"
		}
		return 12, ""
	}
	return 0, "there is no such escape"
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
