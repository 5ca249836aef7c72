package utf8text

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

// ReadFile reads a text file such as one of PEM certificates, without a UTF-8 byte order mark. A file in
// UTF-16 or UTF-32 is refused by its name, with the path and Fix. Bytes that are no UTF-8 are kept: a
// comment may hold such bytes.
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

// NewReader reads a text that is too long for the memory. The reader leaves a UTF-8 byte order mark out.
// Its first Read returns an error with Fix if the text is UTF-16 or UTF-32.
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
