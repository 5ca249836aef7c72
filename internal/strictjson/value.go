package strictjson

import (
	"bytes"
	"iter"
	"strconv"
	"unsafe"
)

// Kind is the type of a value. The zero Kind is Missing, so that a value that is not in the
// document is never mistaken for a value that is.
type Kind uint8

// The kinds of RFC 8259, and Missing for "no such member".
const (
	Missing Kind = iota
	Null
	True
	False
	Number
	String
	Array
	Object
)

var kindNames = [...]string{"nothing", "null", "true", "false", "a number", "a string", "a list", "an object"}

// String returns the kind as it appears in a sentence: "a string", "null", "a list".
func (k Kind) String() string { return kindNames[k] }

// Value is one value of a Document. The zero Value has the kind Missing and stands for an
// absent member. A method that does not fit the kind of the value returns the zero value of
// its result.
type Value struct {
	doc *Document
	i   int32
}

// Place is where a value is in its document. The zero Place is nowhere.
type Place struct{ i int32 }

// Place returns where the value is. It is nowhere for a Missing value and for the document's root.
func (v Value) Place() Place { return Place{v.i} }

// At returns the value at a Place of this document, or of a document that this one resembled. It returns the zero
// Value if the document has no such Place.
func (d *Document) At(p Place) Value {
	if p.i <= 0 || int(p.i) >= len(d.nodes) {
		return Value{}
	}
	return Value{d, p.i}
}

// Kind returns the type of the value.
func (v Value) Kind() Kind {
	if v.doc == nil {
		return Missing
	}
	return v.doc.nodes[v.i].kind
}

// Offset returns the position of the value's first byte in the document; 0 if the value is Missing.
func (v Value) Offset() int {
	if v.doc == nil {
		return 0
	}
	return int(v.doc.nodes[v.i].start)
}

// Raw returns the bytes of the value, quotes and escapes included. They share the memory of
// the input and must not be changed.
func (v Value) Raw() []byte {
	if v.doc == nil {
		return nil
	}
	n := &v.doc.nodes[v.i]
	return v.doc.data[n.start:n.end]
}

// Len returns the number of members of an object or elements of a list, and 0 for any other kind.
func (v Value) Len() int {
	if k := v.Kind(); k != Object && k != Array {
		return 0
	}
	return int(v.doc.nodes[v.i].count)
}

// View returns the decoded text of a string. If the string has no escapes, the result shares
// the memory of the input and must not be used after the input changes. View returns "" for
// every other kind.
func (v Value) View() string {
	if v.Kind() != String {
		return ""
	}
	n := &v.doc.nodes[v.i]
	inner := v.doc.data[n.start+1 : n.end-1]
	if n.escaped {
		return decoded(inner)
	}
	return view(inner)
}

// Text returns a copy of the decoded text of a string, and "" for every other kind.
func (v Value) Text() string {
	if v.Kind() != String {
		return ""
	}
	n := &v.doc.nodes[v.i]
	inner := v.doc.data[n.start+1 : n.end-1]
	if n.escaped {
		return decoded(inner)
	}
	return string(inner)
}

// Is reports whether the value is a string with the decoded text s.
func (v Value) Is(s string) bool {
	if v.Kind() != String {
		return false
	}
	n := &v.doc.nodes[v.i]
	return v.doc.textIs(n, s)
}

// Int returns a number that is written as an integer and fits into 64 bits. 1.0 and 1e3 are
// not accepted, because Authentik writes the NumericDate of RFC 7519 as an integer.
func (v Value) Int() (int64, bool) {
	if v.Kind() != Number {
		return 0, false
	}
	raw := v.Raw()
	if bytes.ContainsAny(raw, ".eE") {
		return 0, false
	}
	n, err := strconv.ParseInt(view(raw), 10, 64)
	return n, err == nil
}

// Get returns the member of an object with exactly that name. It returns the zero Value if
// there is no such member or v is not an object.
func (v Value) Get(name string) Value {
	if v.Kind() != Object {
		return Value{}
	}
	nodes := v.doc.nodes
	i := v.i + 1
	for range nodes[v.i].count {
		// Most names differ in length, so most comparisons do not read the text.
		if n := &nodes[i]; (int(n.end-n.start) == len(name)+2 || n.escaped) && v.doc.textIs(n, name) {
			return Value{v.doc, i + 1}
		}
		i = nodes[i+1].next
	}
	return Value{}
}

// Members yields the members of an object in the order of the document: the name, which is
// a string Value, and the value.
func (v Value) Members() iter.Seq2[Value, Value] {
	return func(yield func(Value, Value) bool) {
		if v.Kind() != Object {
			return
		}
		nodes := v.doc.nodes
		i := v.i + 1
		for range nodes[v.i].count {
			if !yield(Value{v.doc, i}, Value{v.doc, i + 1}) {
				return
			}
			i = nodes[i+1].next
		}
	}
}

// Elements yields the elements of a list in the order of the document.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != Array {
			return
		}
		nodes := v.doc.nodes
		i := v.i + 1
		for range nodes[v.i].count {
			if !yield(Value{v.doc, i}) {
				return
			}
			i = nodes[i].next
		}
	}
}

// ListOf reports whether the value is a list whose elements are all of that kind.
func (v Value) ListOf(kind Kind) bool {
	if v.Kind() != Array {
		return false
	}
	nodes := v.doc.nodes
	i := v.i + 1
	for range nodes[v.i].count {
		if nodes[i].kind != kind {
			return false
		}
		i = nodes[i].next
	}
	return true
}

// First returns the first element of a list, or the zero Value if there is none.
func (v Value) First() Value {
	if v.Kind() != Array || v.Len() == 0 {
		return Value{}
	}
	return Value{v.doc, v.i + 1}
}

// decoded returns the text of a string with escapes, in new memory.
func decoded(inner []byte) string {
	return view(unescape(make([]byte, 0, len(inner)), inner))
}

func view(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b)) //nolint:gosec // the input must not change while values are in use, as Parse says
}

func (d *Document) textIs(n *node, s string) bool {
	inner := d.data[n.start+1 : n.end-1]
	if !n.escaped {
		return view(inner) == s
	}
	return decoded(inner) == s
}
