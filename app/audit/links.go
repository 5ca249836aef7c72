package audit

import (
	"crypto/sha256"
	"hash"

	"github.com/claimgate/claimgate/app/audit/chain"
)

// links is where a chain stands.
type links struct {
	id   chain.ID
	seq  uint64
	head chain.Hash // of the last line that was written whole
	// Of the next line: it is the first of a file, or stands after another chain.
	opens bool
	after chain.Point
}

func newLinks() *links { return &links{id: chain.NewID()} }

// next is the link of the line that comes n lines after the last one written;
// prev is the hash of the one before it.
func (s *links) next(n int, prev chain.Hash, torn chain.Hash) chain.Link {
	l := chain.Link{Point: chain.Point{Chain: s.id, Seq: s.seq + uint64(n)}, Prev: prev}
	if n == 1 {
		l.Opens, l.After, l.Torn = s.opens, s.after, torn
	}
	return l
}

// wrote takes the chain on by n lines.
func (s *links) wrote(n int, head chain.Hash) {
	if n > 0 {
		s.seq, s.head = s.seq+uint64(n), head
		s.opens, s.after = false, chain.Point{}
	}
}

// begin takes a file that is to be written on. A new chain is linked to the file's
// last line, one that goes on says that the file begins with it.
func (s *links) begin(end ending) {
	if s.seq > 0 || end.empty && s.head != (chain.Hash{}) {
		s.opens = true
		return
	}
	s.head, s.after = chain.Hash{}, chain.Point{}
	if end.last == nil {
		return
	}
	s.head = chain.HashOf(end.last)
	if l, ok := chain.Parse(end.last); ok {
		s.after = l.Point
	}
}

// torn is what stands after the last whole line of the output.
type torn struct {
	open bool // the output ends in the middle of a line
	some bool
	sum  hash.Hash
}

func (t *torn) begin(end ending, carried bool) {
	if carried && end.empty {
		t.open = false // what was cut short stands at the end of the file before
		return
	}
	t.clear()
	t.add(end.torn)
	t.open = end.open
}

func (t *torn) clear() { t.open, t.some = false, false }

// add takes a part of a line that was written without its end.
func (t *torn) add(part []byte) {
	if len(part) == 0 {
		return
	}
	if t.sum == nil {
		t.sum = sha256.New()
	}
	if t.some {
		t.sum.Write([]byte{'\n'})
	} else {
		t.sum.Reset()
	}
	t.sum.Write(part)
	t.open, t.some = true, true
}

func (t *torn) hash() (h chain.Hash) {
	if t.some {
		t.sum.Sum(h[:0])
	}
	return h
}
