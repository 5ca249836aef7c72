// Package utf8text reads the encodings in which editors save text files.
//
// A UTF-8 byte order mark changes nothing that a file says, so it is cut off. UTF-16 and UTF-32 are
// refused by their names: a reader that took such a file for UTF-8 would say something about the first
// character, and nothing about the cause.
package utf8text

import (
	"bytes"
	"errors"
	"unicode/utf8"
)

// Fix says what to do about an error of Decode.
const Fix = "save the file as UTF-8"

// Decode returns the text without a UTF-8 byte order mark. The error names another encoding: UTF-16 or
// UTF-32, or "not valid UTF-8". The result shares the memory of data.
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
