package strictjson

import "fmt"

// Guide holds the nodes of an earlier text. A scanner copies the nodes that its text has in common with
// the earlier text. Pattern is the only Guide.
type Guide interface {
	take(data []byte, nodes []node, at cursor) (more []node, now cursor, alike bool)
	size() int // the number of nodes
}

// cursor is the scanner's position before a node.
type cursor struct {
	pos   int
	depth int
	in    int32 // the object or list around the node, -1 for none
	name  bool  // the node is the name of a member
}

// scan reads the document into nodes. scan is one loop over local variables, not a function for each
// kind of value, because a warm request spends the most time here: the position and the list of nodes
// stay in registers. An open object or list is found through the parent that each node keeps.
//
// guide may be nil. While guide is not nil, the nodes read so far have the structure and the kinds of the
// guide's text, and the same names in every object.
func (d *Document) scan(guide Guide) error {
	data, nodes := d.data, d.nodes
	pos, depth := space(data, 0), 0
	in := int32(-1) // the object or list that the next value is in
	if pos == len(data) {
		return &Error{pos, "there is no JSON value"}
	}

value:
	if guide != nil {
		var alike bool
		var now cursor
		if nodes, now, alike = guide.take(data, nodes, cursor{pos, depth, in, false}); !alike {
			guide = nil
		}
		if pos, depth, in = now.pos, now.depth, now.in; now.name {
			goto nameItself
		}
	}
valueItself:
	nodes = appendNode(nodes)
	{
		n := &nodes[len(nodes)-1]
		n.start, n.count, n.escaped = int32(pos), 0, false
		switch c := at(data, pos); c {
		case '"':
			end, escaped, wrong := text(data, pos)
			if wrong != "" {
				return &Error{end, wrong}
			}
			n.kind, n.escaped, pos = String, escaped, end
		case '{', '[':
			if depth == MaxDepth {
				return &Error{pos, fmt.Sprintf("values nest deeper than %d", MaxDepth)}
			}
			n.kind = Object
			if c == '[' {
				n.kind = Array
			}
			pos = space(data, pos+1)
			if at(data, pos) == c+2 { // in ASCII, '}' is '{'+2 and ']' is '['+2
				pos++
				break
			}
			depth++
			*n.parent(), in = in, int32(len(nodes)-1)
			if c == '[' {
				goto value
			}
			goto name
		case 't', 'f', 'n':
			if n.kind = word(data[pos:]); n.kind == Missing {
				return &Error{pos, "a JSON value is expected"}
			}
			pos += 4
			if n.kind == False {
				pos++
			}
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			end, wrong := number(data, pos)
			if wrong != "" {
				return &Error{end, wrong}
			}
			n.kind, pos = Number, end
		default:
			return &Error{pos, "a JSON value is expected"}
		}
		n.end, n.next = int32(pos), int32(len(nodes))
	}

ended: // a value has ended; the object or list around it goes on or ends
	pos = space(data, pos)
	if in < 0 {
		if pos != len(data) {
			return &Error{pos, "there is text after the JSON value"}
		}
		d.nodes, d.resembled = nodes, guide != nil && len(nodes) == guide.size()
		return nil
	}
	{
		n := &nodes[in]
		n.count++
		switch c := at(data, pos); {
		case c == ',':
			pos = space(data, pos+1)
			if n.kind == Array {
				goto value
			}
			goto name
		case n.kind == Object && c == '}':
			if guide != nil {
				break // its names are the first names of the guide's object, which has no duplicates
			}
			d.nodes = nodes // for the check
			if err := d.unique(in); err != nil {
				return err
			}
		case n.kind == Object:
			return &Error{pos, "a comma or the end of the object is expected"}
		case c != ']':
			return &Error{pos, "a comma or the end of the list is expected"}
		}
		pos++
		depth--
		in = *n.parent()
		n.end, n.next = int32(pos), int32(len(nodes))
	}
	goto ended

name: // of an object's member
	if guide != nil {
		var alike bool
		var now cursor
		if nodes, now, alike = guide.take(data, nodes, cursor{pos, depth, in, true}); !alike {
			guide = nil
		}
		if pos, depth, in = now.pos, now.depth, now.in; !now.name {
			goto valueItself
		}
	}
nameItself:
	if at(data, pos) != '"' {
		return &Error{pos, "a member's name is expected"}
	}
	{
		end, escaped, wrong := text(data, pos)
		if wrong != "" {
			return &Error{end, wrong}
		}
		nodes = appendNode(nodes)
		n := &nodes[len(nodes)-1]
		n.start, n.end, n.next, n.count = int32(pos), int32(end), int32(len(nodes)), 0
		n.kind, n.escaped, pos = String, escaped, space(data, end)
	}
	if at(data, pos) != ':' {
		return &Error{pos, "a colon is expected"}
	}
	pos = space(data, pos+1)
	goto value
}

// appendNode appends a node. The caller sets the members of the node one by one, because copying a node that
// was just written in pieces stalls the processor.
func appendNode(nodes []node) []node {
	if len(nodes) < cap(nodes) {
		return nodes[:len(nodes)+1]
	}
	return append(nodes, node{})
}

// at returns the byte at pos, or 0 at the end. No JSON token starts with NUL.
func at(data []byte, pos int) byte {
	if pos < len(data) {
		return data[pos]
	}
	return 0
}

// space returns the position of the next byte that is not white space.
func space(data []byte, pos int) int {
	for pos < len(data) && data[pos] <= ' ' && (data[pos] == ' ' || data[pos] == '\t' || data[pos] == '\n' || data[pos] == '\r') {
		pos++
	}
	return pos
}

// word reads null, true or false. It returns Missing for any other text.
func word(data []byte) Kind {
	switch {
	case hasPrefix(data, "null"):
		return Null
	case hasPrefix(data, "true"):
		return True
	case hasPrefix(data, "false"):
		return False
	}
	return Missing
}

func hasPrefix(data []byte, w string) bool { return len(data) >= len(w) && string(data[:len(w)]) == w }
