package access

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
)

// Region is a set of resources under a condition: the resources that match every pattern of In and no
// pattern of Except. Each text of a statement's Resource is a Region of its own, or two (Pattern.readings). All texts
// of a NotResource make one Region:
//
//	"Resource": ["a/*", "b/*"]     In a/*, and a second Region with In b/*
//	"NotResource": ["a/*", "b/*"]  In *, Except a/* and b/*
type Region struct {
	In, Except []Pattern
	Condition  string // the JSON text of the statement's Condition, without blanks; empty if there is none
	key        string // equal for equal regions
}

// NewRegion returns a Region. Equal arguments give regions with equal keys.
func NewRegion(in, except []Pattern, condition string) Region {
	var key strings.Builder
	for i, list := range [][]Pattern{in, except} {
		for _, g := range list {
			key.WriteByte(byte(i))
			key.WriteString(g.Key() + "\x02")
		}
	}
	key.WriteString("\x03" + condition)
	return Region{in, except, condition, key.String()}
}

// Key returns a text that is equal for equal regions.
func (r Region) Key() string { return r.key }

// unset returns the region of a Deny for a request that does not set the policy variables. Such a Deny denies
// every text that a variable could be, the empty text included. An exception with a variable spares nothing.
func (r Region) unset() Region {
	if !slices.ContainsFunc(r.In, Pattern.hasVariable) && !slices.ContainsFunc(r.Except, Pattern.hasVariable) {
		return r
	}
	var in []Pattern
	for _, g := range r.In {
		var wide Pattern
		for _, s := range g {
			if s >= variable && s < capture {
				s = star
			}
			wide = append(wide, s)
		}
		in = append(in, wide)
	}
	return NewRegion(in, slices.DeleteFunc(slices.Clone(r.Except), Pattern.hasVariable), r.Condition)
}

// Statement is a statement of a policy that a principal holds, with the regions of its resources.
type Statement struct {
	policy.Statement
	Regions []Region
}

// Reader reads the statements of policies. A Reader keeps the statements it has read, because many principals
// hold the same policy. A Reader is not safe for concurrent use.
type Reader struct {
	placeholders Placeholders
	numbers      map[string]int // the number of each placeholder
	lengths      []int          // the lengths of the placeholders, each once
	known        map[string][]Statement
	remainders   map[string]*remainder
}

// NewReader returns a Reader that recognizes the placeholders in policies. c is nil if the policies are held
// by a real identity, whose captures are known.
func NewReader(c Placeholders) *Reader {
	r := &Reader{placeholders: c, numbers: make(map[string]int, len(c)), known: map[string][]Statement{}, remainders: map[string]*remainder{}}
	for i, placeholder := range c {
		r.numbers[placeholder] = i
		if !slices.Contains(r.lengths, len(placeholder)) {
			r.lengths = append(r.lengths, len(placeholder))
		}
	}
	return r
}

// cut does the same as Placeholders.cut, with a map look-up instead of a loop over all placeholders.
func (r *Reader) cut(text string) (s symbol, after string, found bool) {
	for _, n := range r.lengths {
		if n <= len(text) {
			if i, found := r.numbers[text[:n]]; found {
				return capture + symbol(i), text[n:], true
			}
		}
	}
	return 0, "", false
}

// parse reads the text of a Resource.
func (r *Reader) parse(text string) Pattern { return parse(text, r.cut) }

// Statements returns the statements of a granted policy. The caller must not change the list.
func (r *Reader) Statements(h mapping.Granted) []Statement {
	id := h.ID()
	if all, known := r.known[id]; known {
		return all
	}
	conditions := h.Conditions()
	var all []Statement
	for i, s := range h.Policy.Statements() {
		all = append(all, Statement{s, r.regions(h, s, conditions[i])})
	}
	r.known[id] = all
	return all
}

func (r *Reader) regions(h mapping.Granted, s policy.Statement, condition string) []Region {
	var first string
	if len(s.Actions) > 0 {
		first = s.Actions[0]
	}
	kms := strings.HasPrefix(first, "kms:")
	switch {
	case strings.HasPrefix(first, "admin:"), strings.HasPrefix(first, "sts:"), s.Deny && first == "*",
		kms && len(s.Resources) == 0:
		return []Region{NewRegion([]Pattern{everything}, nil, condition)} // MinIO does not read Resource
	case len(s.NotResources) > 0:
		var except []Pattern
		for _, text := range h.Resources(s.NotResources) {
			except = append(except, r.parse(text).readings()...)
		}
		slices.SortFunc(except, func(a, b Pattern) int { return strings.Compare(a.Key(), b.Key()) })
		return []Region{NewRegion([]Pattern{everything}, except, condition)}
	}
	var all []Region
	for _, text := range h.Resources(s.Resources) {
		for _, g := range r.parse(text).readings() {
			all = append(all, NewRegion([]Pattern{g}, nil, condition))
		}
	}
	if kms { // the statement also covers calls that name no key
		all = append(all, NewRegion([]Pattern{{'/'}}, nil, condition))
	}
	return all
}

// Text returns the pattern as the text of a Resource, without the ARN's prefix.
func (r *Reader) Text(p Pattern) string { return r.placeholders.Text(p) }
