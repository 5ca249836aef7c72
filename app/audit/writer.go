package audit

import (
	"bytes"
	"fmt"
	"time"

	"github.com/claimgate/claimgate/app/audit/chain"
	"github.com/rs/zerolog"
)

// maxKept is the largest text that the writer keeps for the next batch, in bytes.
const maxKept = 1 << 20

// writer joins lines for one write call, and tracks the end of the output. output.mu guards it.
type writer struct {
	chain *links // nil: lines are not chained
	torn  torn

	text  []byte
	spans []span // of the lines in text
	event bytes.Buffer
}

// span is the end of a line in the text, and the line's hash if lines are chained.
type span struct {
	end  int
	hash chain.Hash
}

// begin prepares for a file with this ending. first is true for the log's first file.
func (w *writer) begin(end ending, first bool) {
	w.torn.begin(end, !first)
	if w.chain != nil {
		w.chain.begin(end)
	}
}

// reset begins a new text. If the output ends in the middle of a line, the text begins with a newline.
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

// wrote notes that the output has taken n bytes of the text, and returns how many whole lines these are.
func (w *writer) wrote(n int) (whole int) {
	for whole < len(w.spans) && w.spans[whole].end-1 <= n { // a line may lack its newline
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
		w.torn.open = false // the newline of reset is written
		begin = 1
	}
	if n > begin {
		w.torn.add(w.text[begin:n])
	}
	return whole
}

// write writes the queued lines until Close. It joins the lines that are queued at the same time, so that
// one write call serves many requests.
func (l *Log) write() {
	defer close(l.ended)
	for {
		batch, ok := l.queue.next()
		l.writeBatch(batch) // without a line: report lost lines, if the output takes the event
		if !ok {
			return
		}
	}
}

func (l *Log) writeBatch(batch []*line) {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	w := &l.writer
	w.reset()
	reported := l.unreported.Load()
	events := 0
	if reported > 0 {
		w.add(l.lostEvent(reported))
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
		l.unreported.Add(-reported)
	}
	if err != nil {
		err = fmt.Errorf("audit.output: %w", err)
	}
	l.health.setHead(w) // before Write returns, so that State then has the new head
	l.deliver(whole, err)
	if cap(w.text) > maxKept {
		w.text = nil
	}
}

// lostEvent returns the line which reports that n lines are missing before it.
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
