package strictjson

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// text scans a string whose opening quote is at pos. It checks the escapes and the UTF-8
// without decoding. end is the position after the closing quote. If wrong is not empty,
// it describes an error at the position end.
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
	return slowText(data, pos)
}

// slowText scans the rest of a string, one special byte at a time. text calls it for a
// string that has special bytes or is near the end of data.
func slowText(data []byte, pos int) (end int, escaped bool, wrong string) {
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

// Plain returns the number of bytes at the beginning of b that need no escape in a JSON
// string and are ASCII: no quotes, backslashes and control characters.
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

// special finds the first byte that is not plain among eight. The lowest set bit of the
// result is the high bit of that byte. The result is 0 if all eight bytes are plain.
// Nearly all of a request is plain text.
func special(w uint64) uint64 {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	// If x has no high bits, x-k sets the high bit of each byte that is below k. A borrow
	// may also mark a byte after such a byte. So the lowest mark is exact, and only the
	// lowest mark is used.
	quote, slash := w^(ones*'"'), w^(ones*'\\')
	return (w | (w - ones*' ') | (quote - ones) | (slash - ones)) & highs
}

// escape returns the length of the escape that b begins with, or describes what is wrong
// with the escape.
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

// unescape appends the decoded text of a string that Parse has accepted.
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
