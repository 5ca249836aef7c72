package policy

import (
	"bytes"
	"slices"
	"strings"
)

// indexThreshold is the number of statements up to which checking each one is faster than using the index.
const indexThreshold = 8

// An index finds, for each action asked so far, the statements that may match. It is built action by
// action, because a principal uses only a few of the known actions.
type index struct {
	ids     []byte
	actions []*actionIndex
}

type actionIndex struct{ denies, allows node }

// first returns the first matching entry, in the order of grants and statements, or nil. It looks at the
// Deny statements if deny is true, else at the Allow statements.
func (s *Set) first(deny bool, r *Request, id int, t *target) *entry {
	entries := s.allows
	if deny {
		entries = s.denies
	}
	if id >= 0 && len(entries) > indexThreshold {
		found := s.indexOf(byte(id))
		if deny {
			return found.denies.first(entries, t, r.Context)
		}
		return found.allows.first(entries, t, r.Context)
	}
	for i := range entries {
		if e := &entries[i]; e.covers(r.Action, id) && e.matches(t, r.Context, -1) {
			return e
		}
	}
	return nil
}

// indexOf returns the index of an action, and builds it at the first use.
func (s *Set) indexOf(id byte) *actionIndex {
	if known := s.index.Load(); known != nil {
		if i := bytes.IndexByte(known.ids, id); i >= 0 {
			return known.actions[i]
		}
	}
	return s.buildIndex(id)
}

// buildIndex adds an action's index to a copy of the present index. If two goroutines do this at once, one
// addition may be lost; it is then built again at the next request.
func (s *Set) buildIndex(id byte) *actionIndex {
	built := &actionIndex{newNode(s.denies, id), newNode(s.allows, id)}
	next := &index{}
	if known := s.index.Load(); known != nil {
		next.ids, next.actions = slices.Clone(known.ids), slices.Clone(known.actions)
	}
	next.ids, next.actions = append(next.ids, id), append(next.actions, built)
	s.index.Store(next)
	return built
}

// A node is part of a prefix tree over the literal prefixes of resources. A request walks from the root
// along its own resource, so it visits only statements whose resource may match.
type node struct {
	label    string
	heads    string // the first byte of each child's label
	children []*node
	refs     []ref // in the order of the entries
}

type ref struct{ entry, resource int } // resource is -1 for all resources of the entry

func newNode(entries []entry, id byte) node {
	var root node
	for i := range entries {
		e := &entries[i]
		switch {
		case !e.known.has(id):
		case e.anyResource, e.notResource, e.family == kmsFamily:
			root.refs = append(root.refs, ref{i, -1})
		default:
			for r, p := range e.resources {
				n := root.at(p.plain)
				n.refs = append(n.refs, ref{i, r})
			}
		}
	}
	return root
}

// at returns the node for a text, and inserts it if it does not exist.
func (n *node) at(text string) *node {
	for text != "" {
		i := strings.IndexByte(n.heads, text[0])
		if i < 0 {
			leaf := &node{label: text}
			n.heads += text[:1]
			n.children = append(n.children, leaf)
			return leaf
		}
		child := n.children[i]
		common := 0
		for common < len(text) && common < len(child.label) && text[common] == child.label[common] {
			common++
		}
		if common < len(child.label) {
			upper := &node{label: child.label[:common], heads: child.label[common : common+1], children: []*node{child}}
			child.label = child.label[common:]
			n.children[i] = upper
			child = upper
		}
		n, text = child, text[common:]
	}
	return n
}

// first returns the first matching entry among the nodes along the resource, or nil.
func (n *node) first(entries []entry, t *target, ctx Context) *entry {
	best, rest := len(entries), t.resource
	for {
		for _, r := range n.refs {
			if r.entry >= best {
				break
			}
			if entries[r.entry].matches(t, ctx, r.resource) {
				best = r.entry
				break
			}
		}
		if rest == "" {
			break
		}
		i := strings.IndexByte(n.heads, rest[0])
		if i < 0 || !strings.HasPrefix(rest, n.children[i].label) {
			break
		}
		n = n.children[i]
		rest = rest[len(n.label):]
	}
	if best == len(entries) {
		return nil
	}
	return &entries[best]
}
