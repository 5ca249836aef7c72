package strictjson

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// Pattern is a text that was read, for texts that resemble it. It never changes
// and may be used by several goroutines at once.
//
// What a reader does depends on nothing but the text behind it. So where it stands
// before the nth node of a text as the reader of the pattern stood before the nth
// of the pattern - in the same objects and lists, with the same names before it -
// and the texts go on alike, it would find the same nodes, and may take them over.
// Reading stays as strict as it was: the pattern says what a text has been found
// to be, never what it should be.
//
// So data is a text whose strict reading is exactly nodes. That no two names of an
// object are the same is a part of that.
type Pattern struct {
	data   []byte
	nodes  []node
	places []place // of the nodes
}

// place is where in the document a node is.
type place struct {
	in     int32 // the object or list that it is in, -1 for none
	before int32 // how many members or elements of that have ended before it
	depth  int32 // how many objects and lists it is in
	name   bool  // of a member
}

// Pattern makes one of what the document holds, with memory of its own. nil where it
// holds nothing. The texts of some strings, values of this document and no names, are
// written over: the pattern keeps nothing of them but where they were.
func (d *Document) Pattern(blank ...Value) *Pattern {
	if len(d.nodes) == 0 {
		return nil
	}
	p := &Pattern{data: bytes.Clone(d.data), nodes: slices.Clone(d.nodes), places: make([]place, len(d.nodes))}
	p.place(0, place{in: -1})
	for _, v := range blank {
		if v.doc == d && v.Kind() == String && !p.places[v.i].name {
			p.blank(&p.nodes[v.i])
		}
	}
	return p
}

func (p *Pattern) blank(n *node) {
	n.escaped = false
	text := p.data[n.start+1 : n.end-1]
	for i := range text {
		text[i] = 'x'
	}
}

// Size is about how much memory it takes, in bytes.
func (d *Document) Size() int { return len(d.data) + 40*len(d.nodes) }

// place notes where node i is, and all that is in it.
func (p *Pattern) place(i int32, at place) {
	p.places[i] = at
	n := &p.nodes[i]
	if n.kind != Object && n.kind != Array {
		return
	}
	inner := place{in: i, depth: at.depth + 1}
	for c := i + 1; inner.before < n.count; inner.before++ {
		if n.kind == Object {
			inner.name = true
			p.places[c] = inner
			inner.name = false
			c++
		}
		p.place(c, inner)
		c = p.nodes[c].next
	}
}

// stand is where a reader is before a node.
type stand struct {
	pos   int
	depth int
	in    int32
	name  bool
}

// take appends the nodes that the text at the stand has in common with the
// pattern and returns where the reader stands then: before a node that it has to
// read itself, even where that is the same. It reports whether the two are still
// alike: what comes before the node has the same structure and the same names, and
// so it will be when the node was read.
func (p *Pattern) take(data []byte, nodes []node, at stand) ([]node, stand, bool) {
	i := len(nodes)
	if i >= len(p.nodes) || p.places[i].in != at.in || p.places[i].name != at.name {
		return nodes, at, false
	}
	start := int(p.nodes[i].start)
	same := common(data[at.pos:], p.data[start:])
	if same == 0 {
		// One plain value in place of another changes no structure.
		return nodes, at, !at.name && plain(p.data[start]) && at.pos < len(data) && plain(data[at.pos])
	}
	// The last node whose first byte is the same.
	k := i + beginning(p.nodes[i:], int32(start+same)) - 1
	by := int32(at.pos - start)
	// What the reader stands in ends as in the pattern,
	for in := at.in; in >= 0; in = p.places[in].in {
		n, theirs := &nodes[in], &p.nodes[in]
		n.end, n.next, n.count = theirs.end+by, theirs.next, theirs.count
	}
	nodes = moved(nodes, p.nodes[i:k], by)
	place := &p.places[k]
	// but for what has not ended before the node: that counts what it has until
	// then, and keeps what it is in.
	for before, in := place.before, place.in; in >= 0; {
		outer := &p.places[in]
		nodes[in].count, *nodes[in].parent() = before, outer.in
		before, in = outer.before, outer.in
	}
	alike := !place.name || int(p.nodes[k].end) <= start+same
	return nodes, stand{pos: int(p.nodes[k].start + by), depth: int(place.depth), in: place.in, name: place.name}, alike
}

// beginning counts the nodes that begin before pos.
func beginning(nodes []node, pos int32) int {
	low, high := 0, len(nodes)
	for low < high {
		if middle := (low + high) / 2; nodes[middle].start < pos {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// moved appends nodes whose text is by so many bytes further behind.
func moved(nodes, more []node, by int32) []node {
	from := len(nodes)
	nodes = append(nodes, more...)
	if by != 0 {
		for i := from; i < len(nodes); i++ {
			nodes[i].start += by
			nodes[i].end += by
		}
	}
	return nodes
}

// plain reports whether a value that begins with c is no object or list.
func plain(c byte) bool { return c != '{' && c != '[' }

// common counts the bytes that two texts begin with alike. Long pieces are compared
// by what the runtime compares strings with, thirty-two bytes at a time.
func common(a, b []byte) int {
	least := min(len(a), len(b))
	a, b = a[:least], b[:least]
	n := 0
	for n+512 <= least && view(a[n:n+512]) == view(b[n:n+512]) {
		n += 512
	}
	for n+64 <= least && view(a[n:n+64]) == view(b[n:n+64]) {
		n += 64
	}
	for ; n+8 <= least; n += 8 {
		if x := binary.LittleEndian.Uint64(a[n:]) ^ binary.LittleEndian.Uint64(b[n:]); x != 0 {
			return n + bits.TrailingZeros64(x)/8
		}
	}
	for n < least && a[n] == b[n] {
		n++
	}
	return n
}
