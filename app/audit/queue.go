package audit

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

// maxQueued is the largest number of lines that wait for the writer.
const maxQueued = 1024

// queue holds the lines between the requests and the writer. A request that waits for its line receives from a
// channel of the line only. One timer for all lines ends the wait if the output stalls, because a timer for each line
// costs more than the hand-over of the line.
type queue struct {
	wake chan struct{} // wakes the writer; capacity 1

	mu           sync.Mutex
	waiting      []*line   // for the writer
	waitingSince time.Time // when the first of these came
	writing      []*line   // the writer has these
	writingSince time.Time // when the first of these came
	idle         bool      // the writer waits for wake
	closing      bool      // Close was called
	closed       bool      // the writer has ended, or is about to

	timer *time.Timer // calls expire; nil before the first line
	armed bool        // the timer runs
}

// put queues a line. waits is true if a result will come from ln.done. While the output stalls, nobody waits, and a
// line that a deny replaces is not queued.
func (l *Log) put(ln *line) (waits bool, err error) {
	q := &l.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return false, errClosed
	case len(q.waiting) >= maxQueued:
		return false, fmt.Errorf("%w, and too many lines wait", ErrStalled)
	case l.health.stalled.Load(): // stalled changes under mu only
		if ln.replaced {
			return false, ErrStalled
		}
		ln.waited = false
	}
	if len(q.waiting) == 0 {
		q.waitingSince = time.Now()
	}
	q.waiting = append(q.waiting, ln)
	if !q.armed {
		q.arm(l, l.maxWait)
	}
	if q.idle {
		q.idle = false
		q.wake <- struct{}{}
	}
	return ln.waited, nil
}

// arm starts the timer. The caller holds mu.
func (q *queue) arm(l *Log, d time.Duration) {
	q.armed = true
	if q.timer == nil {
		q.timer = time.AfterFunc(d, l.expire)
	} else {
		q.timer.Reset(d)
	}
}

// expire ends the wait of all lines if the first one waits for l.maxWait. A line that the writer has not taken, and
// that a deny replaces, is withdrawn. If the writer has taken the line, it may still write it: of two lines with one
// id, the later one is the answer.
func (l *Log) expire() {
	q := &l.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	var first time.Time
	switch {
	case len(q.writing) > 0:
		first = q.writingSince
	case len(q.waiting) > 0:
		first = q.waitingSince
	default:
		q.armed = false
		return
	}
	if left := l.maxWait - time.Since(first); left > 0 {
		q.arm(l, left)
		return
	}
	q.armed = false // put starts the timer again; until the output takes lines, nobody waits
	l.health.setStalled(l)
	for _, ln := range q.writing {
		ln.giveUp()
	}
	kept := q.waiting[:0]
	for _, ln := range q.waiting {
		if ln.giveUp() && ln.replaced {
			continue
		}
		kept = append(kept, ln)
	}
	clear(q.waiting[len(kept):])
	q.waiting = kept
}

// giveUp ends the wait for the line. giveUp returns false if nobody waited.
func (ln *line) giveUp() bool {
	if !ln.waited {
		return false
	}
	ln.waited = false
	ln.done <- ErrStalled
	return true
}

// next waits for lines and takes all of them. ok is false after Close if no line is left.
func (q *queue) next() (batch []*line, ok bool) {
	for {
		q.mu.Lock()
		switch {
		case len(q.waiting) > 0:
			q.writing, q.waiting = q.waiting, q.writing[:0]
			q.writingSince = q.waitingSince
			batch = q.writing
			q.mu.Unlock()
			return batch, true
		case q.closing:
			q.closed = true
			q.mu.Unlock()
			return nil, false
		}
		q.idle = true
		q.mu.Unlock()
		<-q.wake
		// The first line wakes this goroutine before other requests have queued theirs. Let them run.
		runtime.Gosched()
	}
}

// deliver gives the lines of the batch their results: nil to the first lines, up to whole, and err to the others.
func (l *Log) deliver(whole int, err error) {
	q := &l.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if err == nil {
		l.health.setRecovered(l)
	}
	for i, ln := range q.writing {
		var result error
		if i < whole {
			l.written.Add(1)
		} else {
			result = err
			l.countLost(ln, err)
		}
		if ln.waited {
			ln.done <- result
		} else {
			lines.Put(ln)
		}
	}
	clear(q.writing)
	q.writing = q.writing[:0]
}

// close makes next return the lines that are left, and then false.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closing = true
	if q.idle {
		q.idle = false
		q.wake <- struct{}{}
	}
}
