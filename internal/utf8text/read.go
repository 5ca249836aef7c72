package utf8text

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

// ReadFile returns the content of a text file, such as a file of PEM certificates, without a UTF-8 byte order
// mark. For a file in UTF-16 or UTF-32 it returns an error with the path, the encoding and Fix. Other bytes
// that are not UTF-8 are kept, because a comment may hold them.
func ReadFile(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	text, err := Decode(data)
	if text == nil && err != nil {
		return nil, fmt.Errorf("%s: %w: %s", path, err, Fix)
	}
	return text, nil
}

// NewReader returns a reader of the text in r without a UTF-8 byte order mark. The first Read returns an error
// with the encoding and Fix if the text is UTF-16 or UTF-32. It is for a text too long to be held in memory.
func NewReader(r io.Reader) io.Reader { return &reader{in: bufio.NewReaderSize(r, 16)} }

type reader struct {
	in      *bufio.Reader
	started bool
	err     error
}

func (r *reader) Read(p []byte) (int, error) {
	if !r.started {
		r.started = true
		start, _ := r.in.Peek(6) // two byte order marks; a shorter text is read whole
		text, err := Decode(start)
		if text == nil && err != nil {
			r.err = fmt.Errorf("%w: %s", err, Fix)
		} else {
			_, r.err = r.in.Discard(len(start) - len(text))
		}
	}
	if r.err != nil {
		return 0, r.err
	}
	return r.in.Read(p)
}
