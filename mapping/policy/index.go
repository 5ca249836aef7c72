package policy

import (
	"bytes"
	"slices"
	"strings"
)

// fewEntries is up to how many statements looking at each is cheaper than
// finding the right ones.
const fewEntries = 8

// An index holds, for the actions that were asked about so far, where to look.
// It is built action by action: a principal uses a handful of the 170, and
// most Sets are never asked about the rest.
type index struct {
	ids     []byte
	actions []*actionIndex
}

type actionIndex struct{ denies, allows node }

// first finds the first entry, in the order of grants and statements, that
// matches.
func (s *Set) first(deny bool, r *Request, id int, t *target) *entry {
	entries := s.allows
	if deny {
		entries = s.denies
	}
	if id >= 0 && len(entries) > fewEntries {
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

// indexOf returns the index of an action, building it the first time.
func (s *Set) indexOf(id byte) *actionIndex {
	if known := s.index.Load(); known != nil {
		if i := bytes.IndexByte(known.ids, id); i >= 0 {
			return known.actions[i]
		}
	}
	return s.buildIndex(id)
}

// buildIndex adds an action's index to a copy of what there is. Where two
// goroutines do so at once one addition may be lost, and is made again when it
// is asked for.
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

// A node of a tree over the literal beginnings of resources. A request walks
// from the root along its own resource, and meets only statements whose
// resource may match.
type node struct {
	label    string
	heads    string // the first byte of each child's label
	children []*node
	refs     []ref // in the order of the entries
}

type ref struct{ entry, resource int } // resource -1: all of the entry's

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

// at finds the node for a text, making room for it where there is none.
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

// first finds the first matching entry on the way along the resource.
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
