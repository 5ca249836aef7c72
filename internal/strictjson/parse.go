package strictjson

import (
	"bytes"
	"fmt"
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

// parent is where an object or list keeps the node that it is in, until it ends.
func (n *node) parent() *int32 { return &n.next }

// Document holds one parsed text. It may be reused: Parse forgets what it held.
// It must not be copied, nor used by two goroutines at once while parsing.
type Document struct {
	data  []byte
	nodes []node
	hash  []hashedName // scratch of the duplicate check
	like  bool         // it never left its pattern
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
func (d *Document) Parse(data []byte) error { return d.ParseLike(data, nil) }

// ParseLike is Parse, sooner done where data resembles the pattern. What is read,
// and what is refused, is the same with any pattern, and with none, which is nil.
func (d *Document) ParseLike(data []byte, like *Pattern) error {
	d.Reset()
	if len(data) > maxInput {
		return &Error{0, "the text is too long"}
	}
	d.data = data
	if err := d.scan(like); err != nil {
		d.Reset()
		return err
	}
	return nil
}

// Resembled reports whether the text never left the structure and the names of the
// pattern it was read with. It may have ended sooner.
func (d *Document) Resembled() bool { return d.like }

// Reset forgets the input, so that a pooled document holds no request's data.
func (d *Document) Reset() {
	d.data, d.nodes, d.like = nil, d.nodes[:0], false
}

// Root is the document's value; Missing before a successful Parse.
func (d *Document) Root() Value {
	if len(d.nodes) == 0 {
		return Value{}
	}
	return Value{d, 0}
}
