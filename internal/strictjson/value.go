package strictjson

import (
	"bytes"
	"iter"
	"strconv"
	"unsafe"
)

// Kind is the type of a value. The zero Kind is Missing: a value that is not
// in the document is never mistaken for one that is.
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

// String names the kind in a sentence: "a string", "null", "a list".
func (k Kind) String() string { return kindNames[k] }

// Value is one value of a Document. The zero Value has the kind Missing, and
// every method of it answers as for an absent member.
type Value struct {
	doc *Document
	i   int32
}

// Kind tells the type of the value.
func (v Value) Kind() Kind {
	if v.doc == nil {
		return Missing
	}
	return v.doc.nodes[v.i].kind
}

// Offset is the position of the value's first byte in the document.
func (v Value) Offset() int {
	if v.doc == nil {
		return 0
	}
	return int(v.doc.nodes[v.i].start)
}

// Raw returns the value's own bytes, quotes and escapes included. They belong
// to the document's input.
func (v Value) Raw() []byte {
	if v.doc == nil {
		return nil
	}
	n := &v.doc.nodes[v.i]
	return v.doc.data[n.start:n.end]
}

// Len is the number of members of an object or elements of a list, else 0.
func (v Value) Len() int {
	if k := v.Kind(); k != Object && k != Array {
		return 0
	}
	return int(v.doc.nodes[v.i].count)
}

// View returns the decoded text of a string without copying where it holds no
// escapes: it shares the input's memory and must not outlive it. It is empty
// for every other kind.
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

// Text returns a copy of a string's decoded text, safe to keep.
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

// Is reports whether the value is the string s.
func (v Value) Is(s string) bool {
	if v.Kind() != String {
		return false
	}
	n := &v.doc.nodes[v.i]
	return v.doc.textIs(n, s)
}

// Int returns a number that is written as an integer and fits 64 bits. 1.0 and
// 1e3 are integers to a mathematician but not to RFC 7519's NumericDate as
// Authentik writes it, so they are refused.
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

// Get returns the member of an object by its exact name, the zero Value where
// there is none or v is no object.
func (v Value) Get(name string) Value {
	if v.Kind() != Object {
		return Value{}
	}
	nodes := v.doc.nodes
	i := v.i + 1
	for range nodes[v.i].count {
		// Most names differ in their length, which is told without their text.
		if n := &nodes[i]; (int(n.end-n.start) == len(name)+2 || n.escaped) && v.doc.textIs(n, name) {
			return Value{v.doc, i + 1}
		}
		i = nodes[i+1].next
	}
	return Value{}
}

// Members yields the members of an object in document order: the name, itself
// a string value, and the member's value.
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

// Elements yields the elements of a list in order.
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

// ListOf reports whether the value is a list that holds values of one kind only.
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

// First returns the first element of a list, else the zero Value.
func (v Value) First() Value {
	if v.Kind() != Array || v.Len() == 0 {
		return Value{}
	}
	return Value{v.doc, v.i + 1}
}

// decoded is the text of a string with escapes, in memory of its own.
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
