package blueprint

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// tree checks a node and all nodes below it: no duplicate member (a YAML parser may use
// the last one), no aliases, and no tags but the three of Authentik that this project
// uses, with the right arguments.
func (c *checker) tree(n *yaml.Node) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		c.say(n, "anchors and aliases are not allowed: they make a blueprint hard to review")
		return
	}
	if n.Kind == yaml.MappingNode {
		var names []string
		for i := 0; i < len(n.Content); i += 2 {
			name := n.Content[i].Value
			if slices.Contains(names, name) {
				c.say(n.Content[i], "duplicate member %q", name)
			}
			names = append(names, name)
		}
	}
	c.tag(n)
	for _, child := range n.Content {
		c.tree(child)
	}
}

func (c *checker) tag(n *yaml.Node) {
	if strings.HasPrefix(n.Tag, "!!") {
		return
	}
	ok := false
	switch n.Tag {
	case "!KeyOf":
		ok = n.Kind == yaml.ScalarNode && n.Value != ""
	case "!Env": // a name, or a name and a default
		ok = n.Kind == yaml.ScalarNode && n.Value != "" || n.Kind == yaml.SequenceNode && len(n.Content) == 2
	case "!Find": // a model and pairs of a field and its value
		ok = n.Kind == yaml.SequenceNode && len(n.Content) > 1 && strings.Count(n.Content[0].Value, ".") == 1 &&
			!slices.ContainsFunc(n.Content[1:], func(pair *yaml.Node) bool {
				return pair.Kind != yaml.SequenceNode || len(pair.Content) != 2
			})
	}
	if !ok {
		c.say(n, "tag %s is not !Find, !KeyOf or !Env, or has wrong arguments", n.Tag)
	}
}

// references checks that each !KeyOf names an earlier entry.
func (c *checker) references(n *yaml.Node) {
	if n.Tag == "!KeyOf" && !slices.Contains(c.ids, n.Value) {
		c.say(n, "!KeyOf %s: no earlier entry has this id", n.Value)
	}
	for _, child := range n.Content {
		c.references(child)
	}
}
