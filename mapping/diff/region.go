package diff

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
)

// region is the resources of one element of a statement: those of a glob
// without those of others, under a condition.
type region struct {
	include   glob
	except    []glob
	condition string // as written; "" for none
	key       string // equal keys are equal regions
}

func newRegion(include glob, except []glob, condition string) region {
	var key strings.Builder
	key.WriteString(include.key())
	for _, g := range except {
		key.WriteString("\x00" + g.key())
	}
	key.WriteString("\x01" + condition)
	return region{include, except, condition, key.String()}
}

// statement is a statement as someone holds it.
type statement struct {
	policy.Statement
	regions []region
}

// statementsOf reads the statements of a policy that someone holds.
func statementsOf(h mapping.Held) []statement {
	conditions := h.Conditions()
	var all []statement
	for i, s := range h.Policy.Statements() {
		all = append(all, statement{s, regionsOf(h, s, conditions[i])})
	}
	return all
}

func regionsOf(h mapping.Held, s policy.Statement, condition string) []region {
	var first string
	if len(s.Actions) > 0 {
		first = s.Actions[0]
	}
	kms := strings.HasPrefix(first, "kms:")
	switch {
	case strings.HasPrefix(first, "admin:"), strings.HasPrefix(first, "sts:"), s.Deny && first == "*",
		kms && len(s.Resources) == 0:
		return []region{newRegion(everything, nil, condition)} // Resource is not read
	case len(s.NotResources) > 0:
		var except []glob
		for _, text := range h.Resources(s.NotResources) {
			except = append(except, parseResource(text))
		}
		slices.SortFunc(except, func(a, b glob) int { return strings.Compare(a.key(), b.key()) })
		return []region{newRegion(everything, except, condition)}
	}
	var all []region
	for _, text := range h.Resources(s.Resources) {
		all = append(all, newRegion(parseResource(text), nil, condition))
	}
	if kms { // and the calls that name no key
		all = append(all, newRegion(glob{'/'}, nil, condition))
	}
	return all
}
