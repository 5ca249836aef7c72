package strictjson

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"slices"
	"unicode/utf8"
)

// MaxDepth is how deep lists and objects may nest. MinIO's requests nest five
// deep, a policy document six.
const MaxDepth = 64

// maxInput keeps offsets within 32 bits with room to spare; every caller has a
// far smaller limit of its own.
const maxInput = 1 << 30

// Error says what a document has that no strict reader may accept, and where.
type Error struct {
	Offset int    // in bytes, from the start of the input
	Msg    string // never quotes the input: it may hold a secret
}

func (e *Error) Error() string { return fmt.Sprintf("%s (at byte %d)", e.Msg, e.Offset) }

// Position turns a byte offset into a line and a column, both from 1. The
// column counts characters.
func Position(data []byte, offset int) (line, column int) {
	offset = min(offset, len(data))
	before := data[:offset]
	line = 1 + bytes.Count(before, []byte{'\n'})
	if i := bytes.LastIndexByte(before, '\n'); i >= 0 {
		before = before[i+1:]
	}
	return line, 1 + utf8.RuneCount(before)
}

type node struct {
	start, end int32 // the value's bytes in the input
	next       int32 // the node after this value and all that is in it
	count      int32 // members or elements
	kind       Kind
	escaped    bool // a string with at least one escape
}

// Document holds one parsed text. It may be reused: Parse forgets what it held.
// It must not be copied, nor used by two goroutines at once while parsing.
type Document struct {
	data  []byte
	nodes []node
	pos   int
	keys  []int32 // scratch of the duplicate check
	hash  []hashedName
	few   [fewMembers]int32 // what keys begins with: most objects are small
}

type hashedName struct {
	hash uint64
	node int32
}

// Parse reads data, which the document keeps and which must not change while
// values of the document are in use.
func Parse(data []byte) (*Document, error) {
	// Tokens and policies have a value in about ten bytes.
	d := &Document{nodes: make([]node, 0, 8+min(len(data), maxInput)/10)}
	if err := d.Parse(data); err != nil {
		return nil, err
	}
	return d, nil
}

// Parse is like the function Parse, into a document that is used again. After
// an error the document holds nothing.
func (d *Document) Parse(data []byte) error {
	d.Reset()
	if len(data) > maxInput {
		return &Error{0, "the text is too long"}
	}
	d.data = data
	err := d.document()
	if err != nil {
		d.Reset()
	}
	return err
}

// Reset forgets the input, so that a pooled document holds no request's data.
func (d *Document) Reset() {
	d.data, d.nodes, d.pos = nil, d.nodes[:0], 0
}

// Root is the document's value; Missing before a successful Parse.
func (d *Document) Root() Value {
	if len(d.nodes) == 0 {
		return Value{}
	}
	return Value{d, 0}
}

func (d *Document) document() error {
	d.space()
	if d.pos == len(d.data) {
		return d.fail("there is no JSON value")
	}
	if err := d.value(0); err != nil {
		return err
	}
	d.space()
	if d.pos != len(d.data) {
		return d.fail("there is text after the JSON value")
	}
	return nil
}

func (d *Document) fail(msg string) error { return &Error{d.pos, msg} }

func (d *Document) space() {
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

// peek returns the next byte, 0 at the end: no JSON token starts with NUL.
func (d *Document) peek() byte {
	if d.pos < len(d.data) {
		return d.data[d.pos]
	}
	return 0
}

func (d *Document) open(k Kind) int32 {
	d.nodes = append(d.nodes, node{start: int32(d.pos), kind: k})
	return int32(len(d.nodes) - 1)
}

func (d *Document) close(i int32) {
	d.nodes[i].end = int32(d.pos)
	d.nodes[i].next = int32(len(d.nodes))
}

func (d *Document) value(depth int) error {
	switch c := d.peek(); {
	case c == '"':
		return d.string()
	case c == '{' && depth < MaxDepth:
		return d.object(depth)
	case c == '[' && depth < MaxDepth:
		return d.array(depth)
	case c == '{' || c == '[':
		return d.fail(fmt.Sprintf("values nest deeper than %d", MaxDepth))
	case c == '-' || (c >= '0' && c <= '9'):
		return d.number()
	case c == 't':
		return d.word("true", True)
	case c == 'f':
		return d.word("false", False)
	case c == 'n':
		return d.word("null", Null)
	}
	return d.fail("a JSON value is expected")
}

func (d *Document) word(w string, k Kind) error {
	if len(d.data)-d.pos < len(w) || view(d.data[d.pos:d.pos+len(w)]) != w {
		return d.fail("a JSON value is expected")
	}
	i := d.open(k)
	d.pos += len(w)
	d.close(i)
	return nil
}

func (d *Document) digits() bool {
	from := d.pos
	for c := d.peek(); c >= '0' && c <= '9'; c = d.peek() {
		d.pos++
	}
	return d.pos > from
}

func (d *Document) number() error {
	i := d.open(Number)
	if d.peek() == '-' {
		d.pos++
	}
	if d.peek() == '0' {
		d.pos++ // a number does not go on after a leading zero
	} else if !d.digits() {
		return d.fail("a digit is expected")
	}
	if d.peek() == '.' {
		d.pos++
		if !d.digits() {
			return d.fail("a digit is expected")
		}
	}
	if c := d.peek(); c == 'e' || c == 'E' {
		d.pos++
		if c := d.peek(); c == '+' || c == '-' {
			d.pos++
		}
		if !d.digits() {
			return d.fail("a digit is expected")
		}
	}
	d.close(i)
	return nil
}

func (d *Document) array(depth int) error {
	i := d.open(Array)
	d.pos++
	d.space()
	if d.peek() == ']' {
		d.pos++
		d.close(i)
		return nil
	}
	for {
		if err := d.value(depth + 1); err != nil {
			return err
		}
		d.nodes[i].count++
		d.space()
		switch d.peek() {
		case ',':
			d.pos++
			d.space()
		case ']':
			d.pos++
			d.close(i)
			return nil
		default:
			return d.fail("a comma or the end of the list is expected")
		}
	}
}

func (d *Document) object(depth int) error {
	i := d.open(Object)
	d.pos++
	d.space()
	if d.peek() == '}' {
		d.pos++
		d.close(i)
		return nil
	}
	for {
		if d.peek() != '"' {
			return d.fail("a member's name is expected")
		}
		if err := d.string(); err != nil {
			return err
		}
		d.space()
		if d.peek() != ':' {
			return d.fail("a colon is expected")
		}
		d.pos++
		d.space()
		if err := d.value(depth + 1); err != nil {
			return err
		}
		d.nodes[i].count++
		d.space()
		switch d.peek() {
		case ',':
			d.pos++
			d.space()
		case '}':
			d.pos++
			d.close(i)
			return d.unique(i)
		default:
			return d.fail("a comma or the end of the object is expected")
		}
	}
}

// fewMembers is up to how many members comparing each pair beats sorting.
const fewMembers = 32

var hashSeed = maphash.MakeSeed()

// unique refuses an object in which two names decode to the same text.
func (d *Document) unique(object int32) error {
	count := int(d.nodes[object].count)
	if count < 2 {
		return nil
	}
	if d.keys == nil {
		d.keys = d.few[:0]
	}
	keys := d.keys[:0]
	escaped := false // decoding a name for each pair would cost its length each time
	for i, n := object+1, 0; n < count; n++ {
		keys = append(keys, i)
		escaped = escaped || d.nodes[i].escaped
		i = d.nodes[i+1].next
	}
	d.keys = keys // whatever it has grown to serves the next object
	if count <= fewMembers && !escaped {
		return d.uniqueFew(keys)
	}
	d.hash = d.hash[:0]
	for _, i := range keys {
		d.hash = append(d.hash, hashedName{maphash.String(hashSeed, Value{d, i}.View()), i})
	}
	slices.SortFunc(d.hash, func(a, b hashedName) int {
		switch {
		case a.hash != b.hash && a.hash < b.hash:
			return -1
		case a.hash != b.hash:
			return 1
		}
		return int(a.node - b.node)
	})
	for n := 1; n < len(d.hash); n++ {
		// Equal hashes of different names may lie between two equal ones.
		for m := n - 1; m >= 0 && d.hash[m].hash == d.hash[n].hash; m-- {
			if d.sameText(d.hash[n].node, d.hash[m].node) {
				return d.duplicate(d.hash[n].node)
			}
		}
	}
	return nil
}

// uniqueFew compares pairs of names, but only those that share a mark made of
// their length and two of their bytes: most names have one of their own.
func (d *Document) uniqueFew(keys []int32) error {
	var seen [4]uint64
	for n, a := range keys {
		k := &d.nodes[a]
		// The first and the last byte within the quotes, or a quote of "".
		mark := uint8(k.end-k.start)*7 ^ d.data[k.start+1]*5 ^ d.data[k.end-2]
		if bit := uint64(1) << (mark & 63); seen[mark>>6]&bit == 0 {
			seen[mark>>6] |= bit
			continue
		}
		for _, b := range keys[:n] {
			if d.sameText(a, b) {
				return d.duplicate(a)
			}
		}
	}
	return nil
}

func (d *Document) duplicate(i int32) error {
	return &Error{int(d.nodes[i].start), "an object has two members of one name"}
}

func (d *Document) sameText(a, b int32) bool {
	x, y := d.nodes[a], d.nodes[b]
	if x.escaped || y.escaped {
		return Value{d, a}.View() == Value{d, b}.View()
	}
	return x.end-x.start == y.end-y.start &&
		view(d.data[x.start:x.end]) == view(d.data[y.start:y.end])
}

func (d *Document) textIs(n node, s string) bool {
	inner := d.data[n.start+1 : n.end-1]
	if !n.escaped {
		return view(inner) == s
	}
	return decoded(inner) == s
}
