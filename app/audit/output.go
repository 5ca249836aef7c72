package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"

	"github.com/claimgate/claimgate/app/audit/chain"
)

// output is the destination of lines. mu is held during a write.
type output struct {
	mu   sync.Mutex
	path string // "" for a stream
	to   io.Writer
	file *os.File // nil for a stream; changed with both locks held

	// reopening is locked before mu, so that reopen can open a file while a write stalls.
	reopening sync.Mutex
}

func (o *output) open(name string, w *writer) error {
	switch name {
	case "stdout":
		o.to = os.Stdout
	case "stderr":
		o.to = os.Stderr
	default:
		o.path = name
		return o.reopen(w)
	}
	return nil
}

// reopen opens the file that has the name now.
func (o *output) reopen(w *writer) error {
	if o.path == "" {
		return nil
	}
	o.reopening.Lock()
	defer o.reopening.Unlock()
	if o.onSamePipe() {
		return nil // even if the reader is gone: the next reader gets the lines
	}
	f, end, err := openFile(o.path, w.chain != nil)
	if err != nil {
		return fmt.Errorf("audit.output: %w", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	old := o.file
	if old != nil && sameFile(old, f) {
		return f.Close()
	}
	if w.chain != nil {
		if err := lock(f); err != nil {
			return errors.Join(fmt.Errorf("audit.output: %s: another process writes to the file; each process needs its own file for a chained log: %w", o.path, err), f.Close())
		}
	}
	o.file, o.to = f, f
	w.begin(end, old == nil)
	if old != nil {
		return old.Close()
	}
	return nil
}

// onSamePipe reports whether the name still belongs to the pipe in use.
func (o *output) onSamePipe() bool {
	if o.file == nil {
		return false
	}
	named, err1 := os.Stat(o.path)
	used, err2 := o.file.Stat()
	return err1 == nil && err2 == nil && isPipe(named) && os.SameFile(named, used)
}

func isPipe(f os.FileInfo) bool { return f.Mode()&os.ModeNamedPipe != 0 }

func sameFile(a, b *os.File) bool {
	one, err1 := a.Stat()
	two, err2 := b.Stat()
	return err1 == nil && err2 == nil && os.SameFile(one, two)
}

func (o *output) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.file == nil {
		return nil
	}
	return o.file.Close()
}

// ending describes the end of a file before the first write.
type ending struct {
	empty bool
	last  []byte // the last whole line, nil if there is none
	torn  []byte // the text after the last whole line, without a newline at its end
	open  bool   // the file ends without a newline
}

// openFile opens a file for appending and reads its end: if a crash has cut the last line short, the next
// line must not continue it.
func openFile(path string, chained bool) (*os.File, ending, error) {
	const mode = 0o640
	before, err := os.Stat(path)
	if err == nil && isPipe(before) {
		f, err := openPipe(path)
		return f, ending{empty: true}, err
	}
	if err == nil && !before.Mode().IsRegular() { // a device must be opened for writing only
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, mode)
		return f, ending{empty: true}, err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_RDWR, mode)
	if errors.Is(err, os.ErrPermission) && !chained { // the file may be written but not read
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, mode)
		return f, ending{empty: true}, err
	}
	if err != nil {
		return nil, ending{}, err
	}
	end, err := readEnding(f)
	if err != nil {
		return nil, ending{}, errors.Join(err, f.Close())
	}
	return f, end, nil
}

// openPipe opens a named pipe for writing only, because a process that also opened it for reading would be
// its reader. O_NONBLOCK makes open fail instead of waiting for a reader (POSIX, open). Writes to a full
// pipe still wait: os.File parks the goroutine.
func openPipe(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ENXIO) {
		return nil, fmt.Errorf("nobody reads audit.output, a named pipe: start its reader first: %w", err)
	}
	return f, err
}

// maxEnding is how many bytes before the end of a file are searched for a whole line.
const maxEnding = 64 << 20

func readEnding(f *os.File) (ending, error) {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return ending{empty: true}, err
	}
	size := info.Size()
	for part := int64(64 << 10); ; part *= 8 {
		part = min(part, size, maxEnding)
		text := make([]byte, part)
		if _, err := f.ReadAt(text, size-part); err != nil && !errors.Is(err, io.EOF) {
			return ending{}, err
		}
		end, found := endOf(text)
		if found || part == size || part == maxEnding {
			return end, nil
		}
	}
}

// endOf finds the last whole line of a text. A last line that lacks only its newline counts as whole: the
// next write begins with the newline.
func endOf(text []byte) (end ending, found bool) {
	rest, ended := bytes.CutSuffix(text, []byte("\n"))
	end.open = !ended
	for {
		at := bytes.LastIndexByte(rest, '\n')
		if ln := rest[at+1:]; isLine(ln) {
			end.last = ln
			end.torn = bytes.TrimPrefix(text[len(rest):], []byte("\n"))
			break
		}
		if at < 0 {
			end.torn = text
			break
		}
		rest = rest[:at]
	}
	end.torn = bytes.TrimSuffix(end.torn, []byte("\n"))
	return end, end.last != nil
}

// isLine reports whether ln is a whole line. A line cut short is never whole, because a part of a JSON
// object is not a JSON object.
func isLine(ln []byte) bool {
	_, chained := chain.Parse(ln)
	return chained || len(ln) > 0 && ln[0] == '{' && json.Valid(ln)
}
