package audit

import (
	"crypto/sha256"
	"hash"

	"github.com/claimgate/claimgate/app/audit/chain"
)

// links is the state of a chain.
type links struct {
	id   chain.ID
	seq  uint64
	head chain.Hash // the hash of the last line that was written whole
	// opens and after go into the next line's link.
	opens bool
	after chain.Point
}

func newLinks() *links { return &links{id: chain.NewID()} }

// next returns the link of the n-th line after the last written line. prev is the hash of the line before
// it, and torn is the hash of the torn lines before the first one.
func (s *links) next(n int, prev chain.Hash, torn chain.Hash) chain.Link {
	l := chain.Link{Point: chain.Point{Chain: s.id, Seq: s.seq + uint64(n)}, Prev: prev}
	if n == 1 {
		l.Opens, l.After, l.Torn = s.opens, s.after, torn
	}
	return l
}

// wrote advances the chain by n written lines; head is the hash of the last one.
func (s *links) wrote(n int, head chain.Hash) {
	if n > 0 {
		s.seq, s.head = s.seq+uint64(n), head
		s.opens, s.after = false, chain.Point{}
	}
}

// begin prepares the link of the first line in a file. A new chain is linked to the file's last line. A
// chain that continues from another file gets "opens".
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

// torn is the text after the last whole line of the output.
type torn struct {
	open bool // the output ends in the middle of a line
	some bool // the text is not empty
	sum  hash.Hash
}

func (t *torn) begin(end ending, carried bool) {
	if carried && end.empty {
		t.open = false // the torn text is at the end of the previous file
		return
	}
	t.clear()
	t.add(end.torn)
	t.open = end.open
}

func (t *torn) clear() { t.open, t.some = false, false }

// add adds the written part of a line whose end is missing.
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
