package strictjson

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// MaxDepth is how deep lists and objects may nest. MinIO's requests nest five deep, policy
// documents six.
const MaxDepth = 64

// maxInput is the longest text in bytes. It keeps offsets within 32 bits. Every caller has a far
// smaller limit.
const maxInput = 1 << 30

// Error says why a text is refused, and where.
type Error struct {
	Offset int    // in bytes, from the start of the input
	Msg    string // never quotes the input, because the input may hold a secret
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
	next       int32 // the node after this value and all values inside it
	count      int32 // members or elements
	kind       Kind
	escaped    bool // a string with at least one escape
}

// parent returns where an object or list keeps the index of the node around it, until the object or list
// ends.
func (n *node) parent() *int32 { return &n.next }

// Document holds one parsed text. A Document may be reused: Parse forgets the earlier text. A Document
// must not be copied. While one goroutine parses, no other may use the Document.
type Document struct {
	data      []byte
	nodes     []node
	hash      []hashedName // scratch of the duplicate check
	resembled bool         // the whole text resembles its whole guide
}

type hashedName struct {
	hash uint64
	node int32
}

// Parse parses data into a new document. The document keeps data, so data must not change while values
// of the document are in use. The error is an *Error.
func Parse(data []byte) (*Document, error) {
	// Tokens and policies have about one value in ten bytes.
	d := &Document{nodes: make([]node, 0, 8+min(len(data), maxInput)/10)}
	if err := d.Parse(data); err != nil {
		return nil, err
	}
	return d, nil
}

// Parse parses data into d, in place of the earlier text. After an error d is empty. The error is an
// *Error.
func (d *Document) Parse(data []byte) error { return d.ParseLike(data, nil) }

// ParseLike is like Parse, but faster if data resembles the text of the guide. guide may be nil. The
// result does not depend on the guide.
func (d *Document) ParseLike(data []byte, guide Guide) error {
	d.Reset()
	if len(data) > maxInput {
		return &Error{0, "the text is too long"}
	}
	d.data = data
	if err := d.scan(guide); err != nil {
		d.Reset()
		return err
	}
	return nil
}

// Resembled reports whether the text has the structure, the kinds and the names of its guide. Then a Place means
// the same in both: a value of one kind, under the same names.
func (d *Document) Resembled() bool { return d.resembled }

// Reset forgets the text, so that a pooled document holds no data of a request.
func (d *Document) Reset() {
	d.data, d.nodes, d.resembled = nil, d.nodes[:0], false
}

// Root returns the document's value. It is Missing before a successful Parse.
func (d *Document) Root() Value {
	if len(d.nodes) == 0 {
		return Value{}
	}
	return Value{d, 0}
}
