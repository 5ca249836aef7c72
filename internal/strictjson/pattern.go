package strictjson

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// Pattern is a text that was parsed. It is a Guide for similar texts. A Pattern never changes. Several
// goroutines may use a Pattern at once.
//
// A scanner's next step depends on its cursor and on the text after the cursor, and on nothing else.
// Therefore, if the cursor is before the nth node of a text, in the same objects and lists and after
// the same names as the nth node of the pattern, and the texts after both cursors are equal, the
// scanner would find the pattern's nodes, and may copy them. Parsing stays strict, because only the
// nodes of equal text are copied.
//
// nodes is the result of a strict parse of data. Therefore no object in data has two equal names.
type Pattern struct {
	data   []byte
	nodes  []node
	places []location // of the nodes
}

// location is the place of a node in the document.
type location struct {
	in     int32 // the object or list around the node, -1 for none
	before int32 // how many members or elements of in end before the node
	depth  int32 // how many objects and lists are around the node
	name   bool  // the node is the name of a member
}

// Pattern returns a Pattern of the document, or nil if the document is empty. The Pattern has memory of
// its own. In it the texts of the string values in blank are overwritten, so that it holds no secret;
// names are never overwritten.
func (d *Document) Pattern(blank ...Value) *Pattern {
	if len(d.nodes) == 0 {
		return nil
	}
	p := &Pattern{data: bytes.Clone(d.data), nodes: slices.Clone(d.nodes), places: make([]location, len(d.nodes))}
	p.locate(0, location{in: -1})
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

// Size estimates the memory of a Pattern of the document, in bytes.
func (d *Document) Size() int { return len(d.data) + 40*len(d.nodes) }

// locate records the location of node i and of every node in it.
func (p *Pattern) locate(i int32, at location) {
	p.places[i] = at
	n := &p.nodes[i]
	if n.kind != Object && n.kind != Array {
		return
	}
	inner := location{in: i, depth: at.depth + 1}
	for c := i + 1; inner.before < n.count; inner.before++ {
		if n.kind == Object {
			inner.name = true
			p.places[c] = inner
			inner.name = false
			c++
		}
		p.locate(c, inner)
		c = p.nodes[c].next
	}
}

// take appends the nodes that the text after the cursor has in common with the pattern. It returns the
// cursor before the next node, which the scanner must read itself, even if the node is equal. The last
// result is true if the text still resembles the pattern: everything before the next node has the same
// structure, the same kinds and the same names, and will have after the next node was read.
func (p *Pattern) take(data []byte, nodes []node, at cursor) ([]node, cursor, bool) {
	i := len(nodes)
	if i >= len(p.nodes) || p.places[i].in != at.in || p.places[i].name != at.name {
		return nodes, at, false
	}
	start := int(p.nodes[i].start)
	same := commonPrefix(data[at.pos:], p.data[start:])
	if same == 0 {
		// The first byte tells the kind of a value. Only numbers begin with different bytes.
		return nodes, at, at.pos < len(data) && beginsNumber(p.data[start]) && beginsNumber(data[at.pos])
	}
	// The last node whose first byte is the same. Nodes begin one after the other.
	k, beyond := i, len(p.nodes)
	for k+1 < beyond {
		if half := int(uint(k+beyond) / 2); int(p.nodes[half].start) < start+same {
			k = half
		} else {
			beyond = half
		}
	}
	by := int32(at.pos - start)
	// The objects and lists around the cursor that end before node k end as in the pattern.
	for in := at.in; in >= 0 && int(p.nodes[in].next) <= k; in = p.places[in].in {
		n, theirs := &nodes[in], &p.nodes[in]
		n.end, n.next, n.count = theirs.end+by, theirs.next, theirs.count
	}
	nodes = moved(nodes, p.nodes[i:k], by)
	next := &p.places[k]
	// Those around node k are still open: they count the members before the node, and the new ones keep their parent.
	for before, in := next.before, next.in; in >= 0; {
		nodes[in].count = before
		if int(in) < i {
			break // the objects and lists around an old one stay as they are
		}
		outer := &p.places[in]
		*nodes[in].parent() = outer.in
		before, in = outer.before, outer.in
	}
	alike := !next.name || int(p.nodes[k].end) <= start+same
	return nodes, cursor{pos: int(p.nodes[k].start + by), depth: int(next.depth), in: next.in, name: next.name}, alike
}

// moved appends the nodes of more, moved by that number of bytes.
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

func (p *Pattern) size() int { return len(p.nodes) }

// beginsNumber reports whether a value that begins with c is a number.
func beginsNumber(c byte) bool { return c == '-' || '0' <= c && c <= '9' }

// commonPrefix returns the length of the common prefix of two texts. The runtime compares long strings 32
// bytes at a time.
func commonPrefix(a, b []byte) int {
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
