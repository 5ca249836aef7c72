package replay

import (
	"strings"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
)

// tally is the part of the result that one worker counts.
type tally struct {
	o      Options
	result Result
	groups map[group]*Flip
	uses   map[Use]*Span

	doc    strictjson.Document
	grants map[string]*mapping.Grants
	key    []byte
	values recorded
}

// maxGrants is how many identities' grants a worker keeps before it forgets them all.
const maxGrants = 20_000

func newTally(o Options) *tally {
	return &tally{o: o, groups: map[group]*Flip{}, grants: map[string]*mapping.Grants{}, uses: map[Use]*Span{}, result: Result{Rules: map[Rule]int{}}}
}

// reasons are the reasons by their text. A result keeps these, because it must not keep the memory of a line.
var reasons = func() map[string]gateway.Reason {
	all := map[string]gateway.Reason{}
	for _, r := range gateway.Reasons() {
		all[string(r)] = r
	}
	return all
}()

// line counts one line of the log.
func (t *tally) line(text []byte) {
	if t.doc.Parse(text) != nil {
		t.result.Lines++
		t.result.Unreadable++
		return
	}
	root := t.doc.Root()
	if root.Get("event").View() == "lost" { // the line says how many decisions were not written
		if n, ok := root.Get("lost").Int(); ok && n > 0 {
			t.result.Lost = addLost(t.result.Lost, n)
		}
		return
	}
	t.result.Lines++
	reason, known := reasons[root.Get("reason").View()]
	if !known || root.Get("allow").Kind() != strictjson.True && root.Get("allow").Kind() != strictjson.False {
		t.result.Unreadable++
		return
	}
	if t.o.Uses {
		t.result.Log = t.result.Log.and(spanOf(root))
	}
	if root.Get("action").View() == "" || !offline.DependsOnMapping(reason, root.Get("static").Kind() == strictjson.True) {
		t.result.Unaffected++
		return
	}
	if t.o.Shadow {
		t.shadow(root, reason)
		return
	}
	asked := policy.Request{
		Action: root.Get("action").View(), Bucket: root.Get("bucket").View(), Object: root.Get("object").View(),
		DenyOnly: root.Get("deny_only").Kind() == strictjson.True, Context: &t.values,
	}
	t.values = recorded{line: root}
	grants := t.holds(root)
	after, answer := gateway.EvaluateGrants(grants, &asked)
	if reason == gateway.NoToken && after == gateway.NoPolicy {
		after = gateway.NoToken // the gateway's reason for a static key without a rule
	}
	t.count(root, reason, after, answer)
}

// shadow counts a line by the answer of the next mapping that the line holds. A line without one has the same
// answer under both mappings.
func (t *tally) shadow(root strictjson.Value, before gateway.Reason) {
	would := root.Get("shadow")
	if would.Kind() == strictjson.Missing {
		t.result.Same++
		return
	}
	after, known := reasons[would.Get("reason").View()]
	was := root.Get("allow").Kind() == strictjson.True
	switch {
	case !known:
		t.result.Unreadable++
		return
	case was == after.Allows():
		t.result.Reasons++
		return
	case was:
		t.result.Losses++
	default:
		t.result.Gains++
	}
	answer := mapping.Answer{}
	if rule := would.Get("rule").Text(); rule != "" {
		answer.Rule = mapping.Rule{Kind: "rule", Name: rule} // the line does not hold the kind
	}
	t.flip(root, before, after, answer)
}

// holds returns the grants of the line's identity under the mapping of the options.
func (t *tally) holds(root strictjson.Value) *mapping.Grants {
	sub := root.Get("sub")
	t.key = append(t.key[:0], root.Get("issuer").Raw()...)
	for _, name := range []string{"sub", "groups", "claim"} {
		t.key = append(append(t.key, 0), root.Get(name).Raw()...)
	}
	if sub.Kind() == strictjson.Missing {
		t.key = append(append(append(t.key, 1), root.Get("account").Raw()...), root.Get("parent").Raw()...)
	}
	if g, known := t.grants[string(t.key)]; known {
		return g
	}
	var g *mapping.Grants
	if sub.Kind() == strictjson.Missing {
		parent := root.Get("parent").Text()
		if root.Get("action").View() == gateway.ActionPrometheus {
			parent = "" // a metrics scraper signs its claims itself, so the parent in them does not count
		}
		g = gateway.Account(t.o.Mapping, root.Get("account").Text(), parent, t.o.Now)
	} else {
		g = t.o.Mapping.Principal(mapping.Principal{
			Issuer: root.Get("issuer").Text(), Subject: sub.Text(), Groups: list(root.Get("groups")), Claim: list(root.Get("claim")),
		}, t.o.Now)
	}
	if len(t.grants) >= maxGrants {
		clear(t.grants)
	}
	t.grants[string(t.key)] = g
	return g
}

// list returns the texts of an array.
func list(v strictjson.Value) []string {
	var all []string
	for e := range v.Elements() {
		all = append(all, e.Text())
	}
	return all
}

// count counts a line. before is the recorded reason, and after is the reason under the mapping of the options.
func (t *tally) count(root strictjson.Value, before, after gateway.Reason, answer mapping.Answer) {
	r := &t.result
	if answer.Rule.Name != "" {
		r.Rules[RuleOf(answer.Rule, answer.Policy)]++
	}
	was := root.Get("allow").Kind() == strictjson.True
	if t.o.Uses && was && after == gateway.PolicyAllow {
		t.use(root, answer)
	}
	restricted := root.Get("session_policy").Kind() == strictjson.True
	switch {
	case t.values.missing, restricted && !was && after.Allows() && before != gateway.SessionPolicyDeny:
		r.Uncertain++
		return
	case before == gateway.SessionPolicyDeny && after.Allows():
		r.Same++ // the session policy still denies it
		return
	case was == after.Allows():
		if before == after {
			r.Same++
		} else {
			r.Reasons++
		}
		return
	case was:
		r.Losses++
	default:
		r.Gains++
	}
	t.flip(root, before, after, answer)
}

// flip adds a line with another answer to its group.
func (t *tally) flip(root strictjson.Value, before, after gateway.Reason, answer mapping.Answer) {
	g := group{principal: principal(root), before: before, after: after}
	if after.Allows() || answer.Rule.Name != "" {
		g.rule, g.file, g.line = answer.Rule.Kind+" "+answer.Rule.Name, answer.Rule.File, answer.Rule.Line
	} else if name := root.Get("rule").Text(); name != "" {
		g.rule, g.file = root.Get("rule_kind").Text()+" "+name, root.Get("rule_file").Text()
		line, _ := root.Get("rule_line").Int()
		g.line = int(line)
	}
	example := Example{root.Get("id").Text(), root.Get("action").Text(), root.Get("bucket").Text(), root.Get("object").Text()}
	if known := t.groups[g]; known != nil {
		known.Count++
		known.Example = earlier(known.Example, example)
		return
	}
	if len(t.groups) >= maxGroups {
		t.result.More++
		return
	}
	t.groups[g] = &Flip{
		Principal: g.principal, Before: before, After: after, Allow: after.Allows(),
		Rule: g.rule, File: g.file, Line: g.line, Count: 1, Example: example,
	}
}

func principal(root strictjson.Value) string {
	if sub := root.Get("sub").Text(); sub != "" {
		return "user " + sub
	}
	if parent := root.Get("parent").Text(); parent != "" {
		return "account " + parent
	}
	return "account " + root.Get("account").Text()
}

// recorded is the policy.Context of a line. missing is true if a policy read a value that the line does not hold.
type recorded struct {
	line    strictjson.Value
	missing bool
}

// Values implements policy.Context.
func (r *recorded) Values(key string) []string {
	if read := r.line.Get("read").Get(key); read.Kind() == strictjson.Array {
		return list(read)
	}
	switch key {
	case "jwt:sub":
		return r.one("sub")
	case "jwt:groups", "aws:groups":
		return list(r.line.Get("groups"))
	case "aws:SourceIp":
		return r.one("source")
	}
	// No request has values for the keys of LDAP and STS. Any other key that the line does not name was not read
	// at the time, so its value is not known.
	if r.line.Get("read").Get(key).Kind() != strictjson.Null && !strings.HasPrefix(key, "ldap:") && !strings.HasPrefix(key, "sts:") {
		r.missing = true
	}
	return nil
}

// one returns the text of a member of the line as a list.
func (r *recorded) one(member string) []string {
	if text := r.line.Get(member).Text(); text != "" {
		return []string{text}
	}
	r.missing = true
	return nil
}
