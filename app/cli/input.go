package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/claimgate/claimgate/internal/utf8text"
)

// OpenInput opens the file path for reading, or returns stdin if path is "-". If stderr is a terminal, a
// progress bar on stderr shows how much of the file has been read. Close removes the bar. The reader skips
// a UTF-8 byte order mark, and its first Read refuses UTF-16, because some shells write such files.
func OpenInput(path string, stdin io.Reader, stderr io.Writer) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(utf8text.NewReader(stdin)), nil
	}
	if err := Readable(path); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	_, terminal := Terminal(stderr)
	info, err := f.Stat()
	if !terminal || err != nil || info.Size() == 0 {
		return input{utf8text.NewReader(f), f}, nil //nolint:nilerr // without a size there is no bar
	}
	m := &progressFile{File: f, w: stderr, total: info.Size()}
	return input{utf8text.NewReader(m), m}, nil
}

type input struct {
	io.Reader
	io.Closer
}

// progressFile is a file that shows on w how much of it has been read.
type progressFile struct {
	*os.File
	w           io.Writer
	total, done int64
	shown       time.Time
}

func (m *progressFile) Read(b []byte) (int, error) {
	n, err := m.File.Read(b)
	m.done += int64(n)
	if now := time.Now(); now.Sub(m.shown) > 100*time.Millisecond {
		m.shown = now
		const width = 40
		full := int(min(width*m.done/m.total, width)) // a log may grow while it is read
		fmt.Fprintf(m.w, "\r[%s%s] %3d %%", strings.Repeat("=", full), strings.Repeat(" ", width-full), min(100*m.done/m.total, 100))
	}
	return n, err
}

func (m *progressFile) Close() error {
	fmt.Fprint(m.w, "\r\x1b[K")
	return m.File.Close()
}
