package blueprint

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Blueprint is a blueprint without mistakes.
type Blueprint struct {
	Entries []*Entry
}

// Entry is an object that Authentik creates or updates.
type Entry struct {
	Model string
	ID    string
	// Attrs holds attributes and identifiers by name.
	Attrs map[string]*yaml.Node

	conditions *yaml.Node
	line       int
}

// Load reads a blueprint. The error names each mistake by file and line.
func Load(path string) (*Blueprint, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	b, errs := parse(text)
	for i, err := range errs {
		errs[i] = fmt.Errorf("%s:%w", path, err)
	}
	return b, errors.Join(errs...)
}

// checker collects mistakes.
type checker struct {
	errs []error
	ids  []string
}

func (c *checker) say(n *yaml.Node, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%d: %s", n.Line, fmt.Sprintf(format, args...)))
}

func parse(text []byte) (*Blueprint, []error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, []error{err}
	}
	if len(document.Content) != 1 {
		return nil, []error{errors.New("1: want one document")}
	}
	c, b := &checker{}, &Blueprint{}
	root := document.Content[0]
	c.tree(root)
	top := c.mapping(root, "version", "metadata", "context", "entries")
	if v := top["version"]; v == nil || v.Value != "1" {
		c.say(root, "want version: 1")
	}
	if m := top["metadata"]; m == nil || c.mapping(m, "name", "labels")["name"] == nil {
		c.say(root, "want metadata with a name: it identifies the blueprint")
	}
	entries := top["entries"]
	if entries == nil || entries.Kind != yaml.SequenceNode || len(entries.Content) == 0 {
		c.say(root, "want entries")
		return b, c.errs
	}
	for _, n := range entries.Content {
		if e := c.entry(n); e != nil {
			b.Entries = append(b.Entries, e)
		}
	}
	return b, c.errs
}

// entry checks an entry and records its id for later references.
func (c *checker) entry(n *yaml.Node) *Entry {
	parts := c.mapping(n, members...)
	if parts["model"] == nil {
		c.say(n, "an entry without a model")
		return nil
	}
	e := &Entry{Model: parts["model"].Value, Attrs: make(map[string]*yaml.Node), conditions: parts["conditions"], line: n.Line}
	m, known := models[e.Model]
	if !known {
		c.say(n, "unknown model %q", e.Model)
		return nil
	}
	meta := e.Model == "authentik_blueprints.metaapplyblueprint"
	if parts["identifiers"] == nil && !meta {
		c.say(n, "an entry without identifiers makes a new object each time")
	}
	for _, where := range []string{"identifiers", "attrs"} {
		if parts[where] == nil {
			continue
		}
		for name, value := range c.mapping(parts[where], m.attrs...) {
			e.Attrs[name] = value
		}
	}
	for _, name := range m.required {
		if e.Attrs[name] == nil {
			c.say(n, "%s lacks %s", e.Model, name)
		}
	}
	c.references(n)
	if id := parts["id"]; id != nil {
		e.ID = id.Value
		if slices.Contains(c.ids, e.ID) {
			c.say(id, "duplicate id %q", e.ID)
		}
		c.ids = append(c.ids, e.ID)
	}
	return e
}

// mapping returns the members of a mapping. Other names than the given ones are
// mistakes.
func (c *checker) mapping(n *yaml.Node, names ...string) map[string]*yaml.Node {
	found := make(map[string]*yaml.Node)
	if n.Kind != yaml.MappingNode {
		c.say(n, "want a mapping of %s", strings.Join(names, ", "))
		return found
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if !slices.Contains(names, key.Value) {
			c.say(key, "unknown member %q, want one of %s", key.Value, strings.Join(names, ", "))
		}
		found[key.Value] = n.Content[i+1]
	}
	return found
}
