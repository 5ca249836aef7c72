package stricttoml

import (
	"bytes"

	"github.com/pelletier/go-toml/v2/unstable"
)

// Kind is the TOML type of a value.
type Kind uint8

// The kinds of TOML values. The zero Kind means that there is no value.
const (
	Invalid Kind = iota
	String
	Integer
	Float
	Bool
	DateTime
	LocalDateTime
	LocalDate
	LocalTime
	Array
	Table
)

// String returns the kind as it appears in a message: "a string", "a list".
func (k Kind) String() string {
	switch k {
	case String:
		return "a string"
	case Integer:
		return "an integer"
	case Float:
		return "a float"
	case Bool:
		return "a boolean"
	case DateTime:
		return "a date-time"
	case LocalDateTime:
		return "a local date-time"
	case LocalDate:
		return "a date"
	case LocalTime:
		return "a time of day"
	case Array:
		return "a list"
	case Table:
		return "a table"
	case Invalid:
	}
	return "nothing"
}

type node struct {
	kind   Kind
	start  int // offset of the value, or of its key if the AST has no offset of the value
	end    int // 0 if the AST has no offset of the value
	text   string
	elems  []*node
	names  []name
	lookup map[string]int
}

type name struct {
	text  string
	start int
	value *node
}

// A table with at least lookupFrom keys has an index. For fewer keys a scan is quicker;
// without an index, a file with many keys would take quadratic time.
const lookupFrom = 16

func (n *node) get(key string) *node {
	if n.lookup != nil {
		if i, ok := n.lookup[key]; ok {
			return n.names[i].value
		}
		return nil
	}
	for i := range n.names {
		if n.names[i].text == key {
			return n.names[i].value
		}
	}
	return nil
}

func (n *node) put(key string, start int, value *node) {
	n.names = append(n.names, name{text: key, start: start, value: value})
	switch {
	case n.lookup != nil:
		n.lookup[key] = len(n.names) - 1
	case len(n.names) == lookupFrom:
		n.lookup = make(map[string]int, 2*lookupFrom)
		for i := range n.names {
			n.lookup[n.names[i].text] = i
		}
	}
}

// table returns the table under key, and makes it if there is none. If there is a list of
// tables under key, table returns the last one: in TOML, [a.b] after [[a]] means that one.
func (n *node) table(key string, start int) *node {
	t := n.get(key)
	if t == nil {
		t = &node{kind: Table, start: start}
		n.put(key, start, t)
	}
	if t.kind == Array {
		t = t.elems[len(t.elems)-1]
	}
	return t
}

// tree builds the tree of a document. go-toml must have accepted the document: tree does not
// check for errors such as duplicate keys.
func tree(data []byte) *node {
	root := &node{kind: Table}
	current := root
	var p unstable.Parser
	p.Reset(data)
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.KeyValue:
			current.assign(e)
		case unstable.Table:
			parent, key, start := root.walk(e.Key())
			current = parent.table(key, start)
			current.start = lineStart(data, start)
		case unstable.ArrayTable:
			parent, key, start := root.walk(e.Key())
			list := parent.get(key)
			if list == nil {
				list = &node{kind: Array, start: lineStart(data, start)}
				parent.put(key, start, list)
			}
			current = &node{kind: Table, start: lineStart(data, start)}
			list.elems = append(list.elems, current)
		default: // a comment, which the parser does not keep
		}
	}
	return root
}

// lineStart returns the offset of the first non-blank character in the line of offset. In a
// table header this is the bracket.
func lineStart(data []byte, offset int) int {
	start := bytes.LastIndexByte(data[:offset], '\n') + 1
	return start + len(data[start:offset]) - len(bytes.TrimLeft(data[start:offset], " \t"))
}

// walk follows all parts of a dotted key except the last. It returns the table there, the
// last part, and the offset of the first part.
func (n *node) walk(key unstable.Iterator) (parent *node, last string, start int) {
	key.Next()
	part := key.Node()
	start = int(part.Raw.Offset)
	for !key.IsLast() {
		n = n.table(string(part.Data), start)
		key.Next()
		part = key.Node()
	}
	return n, string(part.Data), start
}

func (n *node) assign(keyValue *unstable.Node) {
	parent, key, start := n.walk(keyValue.Key())
	parent.put(key, start, build(keyValue.Value(), start))
}

func build(v *unstable.Node, keyStart int) *node {
	n := &node{kind: kinds[v.Kind], start: keyStart}
	children := v.Children()
	switch v.Kind {
	case unstable.Array:
		for children.Next() {
			n.elems = append(n.elems, build(children.Node(), keyStart))
		}
	case unstable.InlineTable:
		for children.Next() {
			n.assign(children.Node())
		}
	default:
		n.start, n.end = int(v.Raw.Offset), int(v.Raw.Offset+v.Raw.Length)
		n.text = string(v.Data)
	}
	return n
}

var kinds = map[unstable.Kind]Kind{
	unstable.String:        String,
	unstable.Integer:       Integer,
	unstable.Float:         Float,
	unstable.Bool:          Bool,
	unstable.DateTime:      DateTime,
	unstable.LocalDateTime: LocalDateTime,
	unstable.LocalDate:     LocalDate,
	unstable.LocalTime:     LocalTime,
	unstable.Array:         Array,
	unstable.InlineTable:   Table,
}
