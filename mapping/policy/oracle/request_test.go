package oracle

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	minio "github.com/minio/pkg/v3/policy"

	"github.com/claimgate/claimgate/mapping/policy"
)

// request adds a request that is likely to match the documents.
func (g generator) request(c testCase) testCase {
	c.Conditions = map[string][]string{}
	c.DenyOnly = g.chance(10)
	g.fill(&c)
	return c
}

func (g generator) fill(c *testCase) {
	c.Action = g.requestAction(*c)
	if c.Bucket = pick(g, buckets...); strings.HasPrefix(c.Action, "admin:") || strings.HasPrefix(c.Action, "sts:") || g.chance(5) {
		c.Bucket = ""
	}
	c.Object = pick(g, objects...)
	switch {
	case c.Bucket == "" || strings.HasPrefix(c.Action, "kms:"):
		c.Object = ""
	case g.chance(4):
		c.Object = pick(g, uncleanObjects...)
	}
	for _, key := range keysOf(*c) {
		if g.chance(80) {
			g.fact(c, key)
		}
	}
	for _, key := range variablesOf(*c) {
		if g.chance(85) {
			g.variableFact(c, key)
		}
	}
	g.aim(c)
}

func (g generator) requestAction(c testCase) string {
	if g.chance(4) {
		return pick(g, unknownActions...)
	}
	var candidates []string
	for _, d := range c.Documents {
		for _, st := range d.Statements {
			for _, a := range st.Action {
				for _, known := range policy.Actions() {
					if minio.Action(a).Match(minio.Action(known)) {
						candidates = append(candidates, known)
					}
				}
			}
		}
	}
	if len(candidates) == 0 || g.chance(10) {
		return g.knownAction()
	}
	return pick(g, candidates...)
}

// wireName returns a name under which MinIO would send the values of a key.
func (g generator) wireName(key string) string {
	return pick(g, policy.ConditionNames(key)...)
}

func (g generator) fact(c *testCase, key string) {
	var pool []string
	for _, uses := range conditionsOn(*c, key) {
		for _, v := range uses.values {
			switch {
			case strings.HasSuffix(uses.operator, "IpAddress"):
				v = pick(g, addrs...)
			case uses.operator == "BinaryEquals":
				decoded, _ := base64.StdEncoding.DecodeString(v)
				v = string(decoded)
			case strings.HasSuffix(uses.operator, "IgnoreCase"):
				v = pick(g, strings.ToUpper(v), strings.ToLower(v), v)
			}
			v = strings.NewReplacer("*", "", "?", "a").Replace(v)
			for _, variable := range policy.Variables() {
				v = strings.ReplaceAll(v, "${"+variable+"}", "alice")
			}
			pool = append(pool, v)
		}
		switch {
		case strings.HasPrefix(uses.operator, "Date"):
			pool = append(pool, instants...)
		case strings.HasPrefix(uses.operator, "Numeric"):
			pool = append(pool, "4", "5", "6")
		}
	}
	pool = append(pool, pick(g, names...))
	if g.chance(6) {
		pool = append(pool, unreadable...)
	}
	name := g.wireName(key)
	values := []string{pick(g, pool...)}
	multiple := 6
	if strings.Contains(strings.ToLower(key), "groups") || key == "s3:RequestObjectTagKeys" {
		multiple = 50
	}
	for g.chance(multiple) {
		values = append(values, pick(g, append(pool, names...)...))
	}
	if g.chance(1) {
		values = []string{}
	}
	c.Conditions[name] = values
	if g.chance(4) { // a client's header or query string can add this
		c.Conditions[canonicalName(key)] = []string{pick(g, append(pool, names...)...)}
	}
}

func (g generator) variableFact(c *testCase, key string) {
	name := policy.ConditionNames(key)[0]
	if _, set := c.Conditions[name]; set && g.chance(80) {
		return
	}
	value := pick(g, names...)
	if g.chance(4) {
		value = pick(g, specials...)
	}
	if g.chance(2) {
		value = ""
	}
	c.Conditions[name] = []string{value}
	if g.chance(5) {
		c.Conditions[name] = append(c.Conditions[name], pick(g, names...))
	}
}

// aim sometimes points the request at one of the resources, because random requests rarely match one.
func (g generator) aim(c *testCase) {
	if !g.chance(50) || strings.HasPrefix(c.Action, "admin:") || strings.HasPrefix(c.Action, "sts:") {
		return
	}
	var all []string
	for _, d := range c.Documents {
		for _, st := range d.Statements {
			all = append(all, st.Resource...)
			all = append(all, st.NotResource...)
		}
	}
	if len(all) == 0 {
		return
	}
	text := pick(g, all...)
	if i := strings.LastIndex(text, ":::"); i >= 0 {
		text = text[i+3:]
	}
	for _, key := range policy.Variables() {
		if values := facts(c.Conditions).Values(key); len(values) > 0 {
			text = strings.ReplaceAll(text, "${"+key+"}", values[0])
		}
	}
	for strings.ContainsAny(text, "*?") {
		text = strings.Replace(text, "*", pick(g, "", "o", "alice", "x/y"), 1)
		text = strings.Replace(text, "?", pick(g, "o", "b", "/"), 1)
	}
	bucket, object, _ := strings.Cut(text, "/")
	if bucket == "" {
		return
	}
	if strings.HasPrefix(c.Action, "kms:") {
		object = ""
	}
	c.Bucket, c.Object = bucket, object
}

// A use is one condition on a given key.
type use struct {
	operator string // without its qualifier
	values   []string
}

func conditionsOn(c testCase, key string) []use {
	var uses []use
	for _, d := range c.Documents {
		for _, st := range d.Statements {
			for _, operator := range slices.Sorted(maps.Keys(st.Condition)) {
				if values, found := st.Condition[operator][key]; found {
					uses = append(uses, use{baseOperator(operator), values})
				}
			}
		}
	}
	return uses
}

func keysOf(c testCase) []string {
	found := map[string]bool{}
	for _, d := range c.Documents {
		for _, st := range d.Statements {
			for _, keys := range st.Condition {
				for key := range keys {
					found[key] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func variablesOf(c testCase) []string {
	found := map[string]bool{}
	for _, d := range c.Documents {
		for _, st := range d.Statements {
			for _, text := range textsOf(st) {
				for _, key := range variablesIn(text) {
					found[key] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// textsOf lists the texts of a statement that may contain variables.
func textsOf(st statement) []string {
	texts := slices.Concat(st.Resource, st.NotResource)
	for operator, keys := range st.Condition {
		for _, values := range keys {
			for _, v := range values {
				texts = append(texts, decodedValue(operator, v))
			}
		}
	}
	return texts
}

func decodedValue(operator, value string) string {
	if baseOperator(operator) == "BinaryEquals" {
		if decoded, err := base64.StdEncoding.DecodeString(value); err == nil {
			return string(decoded)
		}
	}
	return value
}

func variablesIn(text string) []string {
	var keys []string
	for _, piece := range strings.Split(text, "${")[1:] {
		if key, _, closed := strings.Cut(piece, "}"); closed {
			keys = append(keys, key)
		}
	}
	return keys
}
