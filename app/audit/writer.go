package audit

import (
	"bytes"
	"fmt"
	"runtime"
	"time"

	"github.com/claimgate/claimgate/app/audit/chain"
	"github.com/rs/zerolog"
)

// together is the most lines that are written at once.
const together = 256

// writer puts lines together for one call of the operating system, and knows how
// the output ends. The output's lock guards it.
type writer struct {
	chain *links // nil: lines are not chained
	torn  torn

	text  []byte
	spans []span // of the lines in text
	event bytes.Buffer
}

// span is where a line ends in the text, and its hash where lines are chained.
type span struct {
	end  int
	hash chain.Hash
}

func (w *writer) begin(end ending, first bool) {
	w.torn.begin(end, !first)
	if w.chain != nil {
		w.chain.begin(end)
	}
}

// reset begins a text: a line that was cut short is ended first.
func (w *writer) reset() {
	w.text, w.spans = w.text[:0], w.spans[:0]
	if w.torn.open {
		w.text = append(w.text, '\n')
	}
}

func (w *writer) add(line []byte) {
	var s span
	if w.chain == nil {
		w.text = append(w.text, line...)
	} else {
		begin := len(w.text)
		prev := w.chain.head
		if n := len(w.spans); n > 0 {
			prev = w.spans[n-1].hash
		}
		link := w.chain.next(len(w.spans)+1, prev, w.torn.hash())
		w.text = chain.Append(w.text, line, &link)
		s.hash = chain.HashOf(w.text[begin : len(w.text)-1])
	}
	s.end = len(w.text)
	w.spans = append(w.spans, s)
}

// wrote is told how many bytes of the text the output has taken, and returns how
// many lines that are.
func (w *writer) wrote(n int) (whole int) {
	for whole < len(w.spans) && w.spans[whole].end-1 <= n { // but for its newline
		whole++
	}
	begin := 0 // of the line that was cut short
	if whole > 0 {
		w.torn.clear()
		begin = w.spans[whole-1].end
		w.torn.open = n < begin
		if w.chain != nil {
			w.chain.wrote(whole, w.spans[whole-1].hash)
		}
	} else if w.torn.open && n > 0 {
		w.torn.open = false // by the newline
		begin = 1
	}
	if n > begin {
		w.torn.add(w.text[begin:n])
	}
	return whole
}

// write writes lines until Close, those that wait at the same time together: one
// call of the operating system then serves many requests.
func (l *Log) write() {
	defer close(l.ended)
	var batch []*line
	for {
		batch = batch[:0]
		select {
		case first := <-l.queue:
			batch = l.take(batch, first)
		case <-l.stop:
			select {
			case first := <-l.queue:
				batch = l.take(batch, first)
			default:
				l.writeBatch(nil) // what was lost is told, if the output takes it
				return
			}
		}
		// The first of many lines wakes this goroutine before the requests that are
		// being answered have added theirs: let them.
		runtime.Gosched()
		for more := true; more && len(batch) < together; {
			select {
			case next := <-l.queue:
				batch = l.take(batch, next)
			default:
				more = false
			}
		}
		if len(batch) > 0 {
			l.writeBatch(batch)
		}
	}
}

// take takes a line, unless who waited for it has withdrawn it.
func (l *Log) take(batch []*line, ln *line) []*line {
	if !ln.state.CompareAndSwap(waits, taken) {
		lines.Put(ln)
		return batch
	}
	return append(batch, ln)
}

func (l *Log) writeBatch(batch []*line) {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	w := &l.writer
	w.reset()
	told := l.untold.Load()
	events := 0
	if told > 0 {
		w.add(l.lostEvent(told))
		events = 1
	}
	if len(batch)+events == 0 {
		return
	}
	for _, ln := range batch {
		w.add(ln.text)
	}
	n, err := l.out.to.Write(w.text)
	whole := w.wrote(n) - events
	if events == 1 && whole >= 0 {
		l.untold.Add(-told)
	}
	if err == nil {
		l.health.recover(l)
	} else {
		err = fmt.Errorf("audit.output: %w", err)
	}
	l.health.show(w) // before anybody is told: who has an answer can ask for the head
	for i, ln := range batch {
		if i < whole {
			l.written.Add(1)
			l.tell(ln, nil)
			continue
		}
		l.lose(ln, err)
		l.tell(ln, err)
	}
}

// tell tells who waits for a line, if anybody does.
func (l *Log) tell(ln *line, err error) {
	if ln.unheard {
		lines.Put(ln)
		return
	}
	ln.done <- err
}

// lostEvent is the line that says that lines are missing before it.
func (l *Log) lostEvent(n uint64) []byte {
	l.writer.event.Reset()
	failure := l.State()
	logger := zerolog.New(&l.writer.event)
	ev := logger.Log().Str("time", time.Now().UTC().Format(time.RFC3339Nano)).Str("event", "lost").Uint64("lost", n)
	if !failure.Since.IsZero() {
		ev.Str("since", failure.Since.UTC().Format(time.RFC3339Nano)).Str("cause", failure.Error)
	}
	ev.Send()
	return l.writer.event.Bytes()
}
