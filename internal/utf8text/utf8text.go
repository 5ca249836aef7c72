// Package utf8text checks the encoding of text files.
//
// A UTF-8 byte order mark has no meaning for the content, so it is removed. For UTF-16 and UTF-32 the
// error names the encoding. A parser that expects UTF-8 would only complain about the first character.
package utf8text

import (
	"bytes"
	"errors"
	"unicode/utf8"
)

// Fix says what to do about an error of Decode.
const Fix = "save the file as UTF-8"

// Decode returns the text of data without a UTF-8 byte order mark. The error says that the text is UTF-16
// or UTF-32, is not valid UTF-8, or has two byte order marks. If the text is not valid UTF-8, Decode
// returns it with the error. The result shares the memory of data.
func Decode(data []byte) ([]byte, error) {
	for _, other := range []struct{ mark, name string }{
		{"\xff\xfe\x00\x00", "UTF-32"}, {"\x00\x00\xfe\xff", "UTF-32"}, {"\xff\xfe", "UTF-16"}, {"\xfe\xff", "UTF-16"},
	} {
		if bytes.HasPrefix(data, []byte(other.mark)) {
			return nil, errors.New("the file is " + other.name + ", not UTF-8")
		}
	}
	if len(data) >= 4 && (data[0] == 0) != (data[1] == 0) && (data[2] == 0) != (data[3] == 0) {
		return nil, errors.New("the file is UTF-16 without a byte order mark, not UTF-8")
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if bytes.HasPrefix(data, []byte("\ufeff")) {
		return nil, errors.New("the file starts with two byte order marks")
	}
	if !utf8.Valid(data) {
		return data, errors.New("the file is not valid UTF-8")
	}
	return data, nil
}
