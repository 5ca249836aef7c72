package strictjson

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// MaxDepth is how deep lists and objects may nest. MinIO's requests nest five
// deep, a policy document six.
const MaxDepth = 64

// maxInput keeps offsets within 32 bits. Every caller has a far smaller limit.
const maxInput = 1 << 30

// Error says what a strict reader must not accept, and where.
type Error struct {
	Offset int    // in bytes, from the start of the input
	Msg    string // never quotes the input: it may hold a secret
}

func (e *Error) Error() string { return fmt.Sprintf("%s (at byte %d)", e.Msg, e.Offset) }

// Position returns the line and the column of a byte offset, both from 1. The column counts characters.
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

// parent is where an object or list keeps the node around it, until the object or list ends.
func (n *node) parent() *int32 { return &n.next }

// Document holds one parsed text. A Document may be used again: Parse forgets the text before. A
// Document must not be copied, and not be used by two goroutines at once while parsing.
type Document struct {
	data  []byte
	nodes []node
	hash  []hashedName // scratch of the duplicate check
	like  bool         // the text resembles its guide to the end
}

type hashedName struct {
	hash uint64
	node int32
}

// Parse reads data. The document keeps data, so data must not change while values of the document are
// in use.
func Parse(data []byte) (*Document, error) {
	// Tokens and policies have a value in about ten bytes.
	d := &Document{nodes: make([]node, 0, 8+min(len(data), maxInput)/10)}
	if err := d.Parse(data); err != nil {
		return nil, err
	}
	return d, nil
}

// Parse reads data into a document that is used again. After an error the document is empty.
func (d *Document) Parse(data []byte) error { return d.ParseLike(data, nil) }

// ParseLike is Parse, faster if data resembles the guide's text. The result is the same with every
// guide, and with nil for no guide.
func (d *Document) ParseLike(data []byte, like Guide) error {
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

// Resembled returns true if the text has the structure and the names of its guide, as far as the text
// goes.
func (d *Document) Resembled() bool { return d.like }

// Reset forgets the text, so that a pooled document holds no data of a request.
func (d *Document) Reset() {
	d.data, d.nodes, d.like = nil, d.nodes[:0], false
}

// Root returns the document's value. It is Missing before a successful Parse.
func (d *Document) Root() Value {
	if len(d.nodes) == 0 {
		return Value{}
	}
	return Value{d, 0}
}
