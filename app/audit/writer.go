package audit

import (
	"bytes"
	"fmt"
	"sync"
)

// line is one line on its way to the output.
type line struct {
	text bytes.Buffer
	done chan error // takes the outcome, of which there is one for each use
}

var lines = sync.Pool{New: func() any { return &line{done: make(chan error, 1)} }}

// together is the most lines that are written at once.
const together = 256

// write writes lines until Close, those that wait at the same time together: one
// call of the operating system then serves many requests.
func (l *Log) write() {
	defer close(l.ended)
	var batch []*line
	var text bytes.Buffer
	for {
		select {
		case first := <-l.queue:
			batch = append(batch[:0], first)
		case <-l.stop:
			select {
			case first := <-l.queue:
				batch = append(batch[:0], first)
			default:
				return
			}
		}
		for more := true; more && len(batch) < together; {
			select {
			case next := <-l.queue:
				batch = append(batch, next)
			default:
				more = false
			}
		}
		l.writeBatch(batch, &text)
	}
}

func (l *Log) writeBatch(batch []*line, text *bytes.Buffer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text.Reset()
	if l.torn {
		text.WriteByte('\n') // the line that was cut short must not spoil the next
	}
	prefix := text.Len()
	for _, ln := range batch {
		text.Write(ln.text.Bytes())
	}
	n, err := l.out.Write(text.Bytes())
	if n > 0 {
		l.torn = text.Bytes()[n-1] != '\n'
	}
	n -= prefix // now of the lines themselves
	for _, ln := range batch {
		size := ln.text.Len()
		if n >= size {
			l.written.Add(1)
			ln.done <- nil
		} else {
			l.lost.Add(1)
			ln.done <- fmt.Errorf("audit.output: %w", err)
		}
		n -= size
	}
}
