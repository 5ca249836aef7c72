// Package suggest compares what each rule grants with what a decision log needed. It lists the unused actions,
// and writes a smaller policy that allows what was used. The smaller policy allows nothing that the present
// policy does not allow.
package suggest

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/claimgate/claimgate/app/review/replay"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/claimgate/claimgate/mapping/policy"
)

// Suggestion is about one policy that a rule grants.
type Suggestion struct {
	Rule access.RuleReference `json:"rule"`
	Need
}

// Need is what the log needed of one policy.
type Need struct {
	Unused   bool      `json:"unused"` // no decision of the log needed the policy
	Policy   string    `json:"policy"`
	Document *Document `json:"document"` // nil if unused
	Used     int       `json:"used"`     // number of decisions
	LastUsed string    `json:"last_used,omitempty"`
	Never    []string  `json:"never"` // actions that the policy allows and nobody used, shortened
}

// Document is a policy document.
type Document struct {
	Version   string      `json:"Version"`
	Statement []Statement `json:"Statement"`
}

// Statement is a statement of a policy document. Members that are empty are left out.
type Statement struct {
	Sid         string          `json:"Sid,omitempty"`
	Effect      string          `json:"Effect"`
	Action      []string        `json:"Action,omitempty"`
	NotAction   []string        `json:"NotAction,omitempty"`
	Resource    []string        `json:"Resource,omitempty"`
	NotResource []string        `json:"NotResource,omitempty"`
	Condition   json.RawMessage `json:"Condition,omitempty"`
}

// Of returns a suggestion for each policy of each rule, from the uses that happened after since.
func Of(m *mapping.Mapping, found *replay.Result, since time.Time) []Suggestion {
	all := []Suggestion{}
	for _, r := range m.Rules() {
		for _, name := range r.Policies {
			if h, ok := held(m, r, name); ok {
				rule := access.RuleReference{Name: r.Name, Kind: r.Kind, File: r.File, Line: r.Line}
				all = append(all, Suggestion{rule, of(h, r.Rule, found, since)})
			}
		}
	}
	return all
}

// Together returns the need of each policy, from the uses after since by all rules that grant the policy. Its document
// allows what the documents of Of for these rules allow together.
func Together(m *mapping.Mapping, found *replay.Result, since time.Time) []Need {
	all := []Need{}
	seen := map[string]bool{}
	for _, r := range m.Rules() {
		for _, name := range r.Policies {
			h, ok := held(m, r, name)
			if !ok || seen[h.Policy.Name()] {
				continue
			}
			seen[h.Policy.Name()] = true
			all = append(all, of(h, mapping.Rule{}, found, since))
		}
	}
	return all
}

// held returns a policy of a rule, with the captures as variables such as ${group:bucket}.
func held(m *mapping.Mapping, r mapping.RuleInfo, name string) (mapping.Granted, bool) {
	vars := map[string]string{}
	for _, capture := range r.Captures {
		vars[capture] = "${group:" + capture + "}"
	}
	return m.Policy(name, vars)
}

// of returns the need of a policy. If rule is zero, the uses by every rule count.
func of(h mapping.Granted, rule mapping.Rule, found *replay.Result, since time.Time) Need {
	s := Need{Policy: h.Policy.Name(), Never: []string{}}
	uses := map[int][]replay.Use{} // by statement
	actions := map[string]bool{}
	var last time.Time
	for use, span := range found.Uses {
		if use.Policy != h.Policy.Name() || rule != (mapping.Rule{}) && use.Rule != rule || span.Last.Before(since) {
			continue
		}
		uses[use.Statement] = append(uses[use.Statement], use)
		actions[use.Action] = true
		s.Used += span.Count
		if span.Last.After(last) {
			last = span.Last
		}
	}
	var never []string
	for _, action := range access.Asked() {
		allows := func(t policy.Statement) bool { return !t.Deny && t.Covers(action) }
		if !actions[action] && slices.ContainsFunc(h.Policy.Statements(), allows) {
			never = append(never, action)
		}
	}
	s.Never = access.ShortActions(never)
	if s.Unused = len(uses) == 0; s.Unused {
		return s
	}
	s.LastUsed = last.UTC().Format(time.RFC3339)
	s.Document = document(h, uses)
	return s
}

// document returns a policy that allows the uses. uses is by the index of the statement. Deny statements stay
// as they are.
func document(h mapping.Granted, uses map[int][]replay.Use) *Document {
	d := &Document{Version: "2012-10-17"}
	conditions := h.Conditions()
	for i, s := range h.Policy.Statements() {
		condition := json.RawMessage(conditions[i])
		switch {
		case s.Deny:
			d.Statement = append(d.Statement, Statement{
				Sid: s.Sid, Effect: "Deny", Action: s.Actions, NotAction: s.NotActions, Resource: s.Resources, NotResource: s.NotResources, Condition: condition,
			})
		case len(uses[i]) > 0:
			d.Statement = append(d.Statement, allow(s, condition, uses[i])...)
		}
	}
	return d
}

// allow returns statements that allow the uses of one statement. Actions with the same resources become one
// statement.
func allow(s policy.Statement, condition json.RawMessage, uses []replay.Use) []Statement {
	resources := map[string][]string{} // by action
	keepsNotResource := map[string]bool{}
	for _, use := range generalised(uses) {
		list, narrowed := resourcesOf(s, &use)
		resources[use.Action] = append(resources[use.Action], list...)
		keepsNotResource[use.Action] = keepsNotResource[use.Action] || !narrowed
	}
	together := map[string][]string{} // actions by their resources; "" stands for the NotResource of s
	for action, list := range resources {
		key := ""
		if len(s.NotResources) == 0 || !keepsNotResource[action] {
			key = strings.Join(merged(list), "\n")
		}
		together[key] = append(together[key], action)
	}
	var all []Statement
	for key, actions := range together {
		slices.Sort(actions)
		one := Statement{Sid: s.Sid, Effect: "Allow", Action: actions, Condition: condition}
		if slices.Contains(actions, "s3:GetObjectVersion") && !s.Covers("s3:GetObject") {
			// MinIO lets s3:GetObjectVersion allow s3:GetObject, too.
			one.Action, one.NotAction = s.Actions, s.NotActions
		}
		if key == "" {
			one.NotResource = s.NotResources
		} else {
			one.Resource = strings.Split(key, "\n")
		}
		if !valid(one) {
			// A condition may stand beside NotAction or s3:* that MinIO does not support for an action of the list.
			one.Action, one.NotAction = s.Actions, s.NotActions
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Statement) int {
		return cmp.Or(slices.Compare(a.Resource, b.Resource), slices.Compare(a.Action, b.Action))
	})
	if len(all) > 1 { // a Sid names one statement
		for i := range all {
			all[i].Sid = ""
		}
	}
	return all
}

// valid returns true if a mapping accepts a policy with the statement.
func valid(s Statement) bool {
	text, err := json.Marshal(Document{"2012-10-17", []Statement{s}})
	if err != nil {
		return false
	}
	_, err = policy.Parse("", text, policy.Source{})
	return err == nil
}

// resourcesOf returns the resources for a use: the bucket and the first element of the object key, if the
// statement allows all of them, else the resources of the statement that may overlap them. narrowed is false if
// the statement must keep its NotResource.
func resourcesOf(s policy.Statement, use *replay.Use) (list []string, narrowed bool) {
	family, _, _ := strings.Cut(use.Action, ":")
	arn := "arn:aws:s3:::"
	if family == "kms" {
		arn = "arn:minio:kms:::"
	}
	if family == "admin" || use.Bucket == "" {
		return s.Resources, len(s.NotResources) == 0
	}
	want := arn + use.Bucket
	switch {
	case family == "kms": // the name of a KMS key has no parts
	case use.First != "" && use.Below:
		want += "/" + use.First + "/*"
	case use.First != "":
		want += "/" + use.First
	case use.Below:
		want += "/*"
	}
	if strings.ContainsAny(want[:len(want)-1], "*?$") { // the name has a character that is special in a policy
		return s.Resources, len(s.NotResources) == 0
	}
	if len(s.NotResources) > 0 {
		apart := !slices.ContainsFunc(s.NotResources, func(text string) bool { return strings.Contains(text, "${") || !access.Apart(want, text) })
		return []string{want}, apart
	}
	for _, text := range s.Resources {
		if access.Within(want, text) {
			return []string{want}, true
		}
	}
	for _, text := range s.Resources {
		if !access.Apart(want, variable.ReplaceAllString(text, "*")) {
			list = append(list, text)
		}
	}
	return list, true
}

var variable = regexp.MustCompile(`\$\{[^{}]*\}`)

// generalised returns the uses of a statement. If a rule uses more than maxElements first elements with the same action
// and bucket, these uses get the whole bucket in place of the object. The rules are counted apart, so that the
// suggestion for all rules together is the sum of the suggestions for each.
func generalised(uses []replay.Use) []replay.Use {
	type place struct {
		rule           mapping.Rule
		action, bucket string
	}
	elements := map[place]map[string]bool{}
	for _, use := range uses {
		at := place{use.Rule, use.Action, use.Bucket}
		if elements[at] == nil {
			elements[at] = map[string]bool{}
		}
		elements[at][use.First] = true
	}
	uses = slices.Clone(uses)
	for i := range uses {
		if use := &uses[i]; use.First != "" && len(elements[place{use.Rule, use.Action, use.Bucket}]) > maxElements {
			use.First, use.Below = "", true
		}
	}
	return uses
}

// maxElements is how many first elements an action of a rule keeps on a bucket. See generalised.
const maxElements = 20

// merged returns the resources without those that another resource of the list includes. A list of more than 200
// resources only loses duplicates, because the comparison is slow.
func merged(list []string) []string {
	slices.Sort(list)
	list = slices.Compact(list)
	var kept []string
	for i, text := range list {
		inside := func(of string) bool { return of != text && access.Within(text, of) && !access.Within(of, text) }
		if len(list) > 200 || !slices.ContainsFunc(list, inside) {
			kept = append(kept, list[i])
		}
	}
	return kept
}
