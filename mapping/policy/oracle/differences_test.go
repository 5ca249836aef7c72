package oracle

import (
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/claimgate/claimgate/mapping/policy"
)

// An adjusted case is changed so that MinIO's engine must answer as claimgate does: each deliberate
// difference is expressed in the question. README.md describes the differences by their names.
type adjusted struct {
	testCase
	applied []string // the differences that changed the question
	skip    string   // a difference that no changed question can express
}

func (n *adjusted) apply(name string) {
	if !slices.Contains(n.applied, name) {
		n.applied = append(n.applied, name)
	}
}

// adjust changes a case by all differences, except those of loading.
func adjust(c testCase) adjusted {
	n := adjusted{testCase: c.clone()}
	switch {
	case n.uncleanPath():
		n.skip = "D7"
		return n
	case n.wildValue():
		n.skip = "D5"
		return n
	}
	n.exactNames()
	for d := range n.Documents {
		for i := range n.Documents[d].Statements {
			if st := &n.Documents[d].Statements[i]; !n.statement(st) {
				*st = inert
			}
		}
	}
	return n
}

// inert is a statement that matches no request. It replaces a statement that does not apply, because a
// document without statements may have another meaning.
var inert = statement{Effect: "Allow", Action: []string{"s3:GetObject"}, Resource: []string{"arn:aws:s3:::no-such-bucket"}}

// uncleanPath recognizes D7: MinIO also compares the cleaned path.
func (n *adjusted) uncleanPath() bool {
	if n.Object == "" {
		return false
	}
	return strings.HasPrefix(n.Object, "/") || path.Clean(n.Bucket+"/"+n.Object) != n.Bucket+"/"+n.Object
}

// wildValue recognizes D5: the value of a variable contains a wildcard or the beginning of a variable.
func (n *adjusted) wildValue() bool {
	for _, key := range variablesOf(n.testCase) {
		if v := n.variable(key); strings.ContainsAny(v, "*?$") {
			return true
		}
	}
	return false
}

func (n *adjusted) first(key string) string {
	if values := facts(n.Conditions).Values(key); len(values) > 0 {
		return values[0]
	}
	return ""
}

// variable returns the value of a variable. By D13, a variable with several values has none.
func (n *adjusted) variable(key string) string {
	if manyValued(key) && len(facts(n.Conditions).Values(key)) > 1 {
		n.apply("D13")
		return ""
	}
	return n.first(key)
}

func manyValued(key string) bool {
	return key == "aws:groups" || key == "ldap:groups" || key == "s3:RequestObjectTagKeys" || strings.HasPrefix(key, "jwt:")
}

// exactNames applies D8: one spelling of each key, and one value of each key that has one value. It also
// applies D11.
func (n *adjusted) exactNames() {
	read := slices.Concat(keysOf(n.testCase), variablesOf(n.testCase))
	for _, key := range read {
		own := policy.ConditionNames(key)
		_, plain, _ := strings.Cut(key, ":")
		for _, other := range []string{canonicalName(key), plain} {
			// The name may be the proper name of another key.
			if _, found := n.Conditions[other]; found && !slices.Contains(own, other) && !n.isOwn(read, other) {
				delete(n.Conditions, other)
				n.apply("D8")
			}
		}
	}
	for name, values := range n.Conditions {
		if len(values) == 0 {
			delete(n.Conditions, name)
			n.apply("D11")
		}
	}
	for _, key := range read {
		for _, name := range policy.ConditionNames(key) {
			if values := n.Conditions[name]; len(values) > 1 && !manyValued(key) && !n.sharedWithMany(read, name) {
				n.Conditions[name] = values[:1]
				n.apply("D8")
			}
		}
	}
}

func (n *adjusted) isOwn(read []string, name string) bool {
	return slices.ContainsFunc(read, func(key string) bool { return slices.Contains(policy.ConditionNames(key), name) })
}

// sharedWithMany reports whether a key with several values has this name. Some keys share a name:
// aws:username and ldap:username, svc:DurationSeconds and sts:DurationSeconds, aws:groups and jwt:groups.
func (n *adjusted) sharedWithMany(read []string, name string) bool {
	return slices.ContainsFunc(read, func(key string) bool {
		return manyValued(key) && slices.Contains(policy.ConditionNames(key), name)
	})
}

// wideGrant maps a wide pattern to what it grants in an Allow.
var wideGrant = map[string]string{
	"*": "s3:*", "*:*": "s3:*", "**": "s3:*", "s*": "s3:*", "s3*": "s3:*", "*GetObject": "s3:*GetObject", "*Bucket": "s3:*Bucket",
}

// statement applies the differences to one statement. It returns false if the statement does not apply at
// all.
func (n *adjusted) statement(st *statement) bool {
	if !st.deny() {
		for i, a := range st.Action {
			if grant, wide := wideGrant[a]; wide {
				st.Action[i] = grant
				n.apply("D6")
			}
		}
		if st.NotAction != nil && !strings.HasPrefix(n.Action, "s3:") {
			n.apply("D6")
			return false
		}
	}
	return n.resources(st) && n.conditions(st)
}

// resources applies D4, a variable without a value, to the resources.
func (n *adjusted) resources(st *statement) bool {
	ignored := len(st.Action) > 0 && (strings.HasPrefix(st.Action[0], "admin:") || strings.HasPrefix(st.Action[0], "sts:") || st.Action[0] == "*")
	if ignored {
		st.Resource = nil
		return true
	}
	var kept []string
	list := slices.Concat(st.Resource, st.NotResource)
	for _, text := range list {
		unset := false
		wide := text
		for _, key := range variablesIn(text) {
			if n.variable(key) == "" {
				unset = true
				wide = strings.ReplaceAll(wide, "${"+key+"}", "*")
			}
		}
		// In an Allow, a wider NotResource grants less, as does a narrower Resource.
		widen := st.deny() == (st.NotResource == nil)
		switch {
		case !unset:
			kept = append(kept, text)
		case widen:
			kept = append(kept, strings.Replace(wide, ":::/", ":::*/", 1))
			n.apply("D4")
		default:
			n.apply("D4")
		}
	}
	switch {
	case len(list) == 0:
		return true
	case len(kept) > 0 && st.NotResource != nil:
		st.NotResource = kept
	case len(kept) > 0:
		st.Resource = kept
	case st.NotResource != nil:
		st.NotResource, st.Resource = nil, []string{"*"}
	default:
		return n.kmsWithoutKey(st)
	}
	return true
}

// kmsWithoutKey reports whether a kms statement without any resource left still applies: it does for calls
// that name no key.
func (n *adjusted) kmsWithoutKey(st *statement) bool {
	return len(st.Action) > 0 && strings.HasPrefix(st.Action[0], "kms:") && n.Bucket == ""
}

// conditions removes each condition that a difference changes, after evaluating it. It returns false if the
// statement then does not apply.
func (n *adjusted) conditions(st *statement) bool {
	for operator, keys := range st.Condition {
		for key, values := range keys {
			value, differs := n.condition(operator, key, values)
			if !differs {
				continue
			}
			if value == no || value == maybe && !st.deny() {
				return false
			}
			delete(keys, key)
		}
		if len(keys) == 0 {
			delete(st.Condition, operator)
		}
	}
	if len(st.Condition) == 0 {
		st.Condition = nil
	}
	return true
}

// The results of a condition, in Kleene's order.
const (
	no = iota
	maybe
	yes
)

// condition evaluates one condition by the rules of README.md, if one of D4, D8, D9 or D10 changes it. Else
// differs is false.
func (n *adjusted) condition(operator, key string, policyValues []string) (value int, differs bool) {
	found := facts(n.Conditions).Values(key)
	base := baseOperator(operator)
	if len(found) > 1 && strings.HasPrefix(key, "s3:object-lock-") {
		if found[0] != found[1] {
			n.apply("D8")
			return maybe, true
		}
		found = found[:1]
	}
	if len(found) > 1 && !manyValued(key) {
		found = found[:1]
		n.apply("D8")
	}
	if base == "Null" {
		return 0, false
	}
	if !strings.HasPrefix(base, "String") && base != "BinaryEquals" {
		if len(found) > 0 && !readable(base, found[0]) {
			n.apply("D9")
			return maybe, true
		}
		return 0, false
	}
	some, every := no, yes
	for _, v := range found {
		m := n.oneValue(operator, key, policyValues, v)
		some, every = max(some, m), min(every, m)
	}
	negated := strings.Contains(base, "Not")
	unset := n.unset(operator, policyValues)
	forAll, forAny := strings.HasPrefix(operator, "ForAllValues:"), strings.HasPrefix(operator, "ForAnyValue:")
	switch {
	case negated && forAll:
		value, differs = agreed(yes-every, yes-some), true
	case negated && forAny && len(found) == 0:
		value, differs = maybe, true
	case negated && forAny:
		value, differs = agreed(yes-some, yes-every), true
	case negated:
		value = yes - some
	case forAll:
		value = every
	default:
		value = some
	}
	if unset {
		n.apply("D4")
	} else if differs {
		n.apply("D10")
	}
	return value, differs || unset
}

func agreed(a, b int) int {
	if a == b {
		return a
	}
	return maybe
}

func (n *adjusted) unset(operator string, policyValues []string) bool {
	for _, v := range policyValues {
		for _, key := range variablesIn(decodedValue(operator, v)) {
			if n.variable(key) == "" {
				return true
			}
		}
	}
	return false
}

// oneValue reports whether one value of the request matches one of the policy's values, by MinIO's engine.
// A variable without a value matches everything.
func (n *adjusted) oneValue(operator, key string, policyValues []string, v string) int {
	result := no
	for _, p := range policyValues {
		text, complete := decodedValue(operator, p), true
		like := strings.HasSuffix(operator, "Like")
		for _, variable := range variablesIn(text) {
			replacement := n.variable(variable)
			if replacement == "" {
				replacement, complete = "*", false
			}
			text = strings.ReplaceAll(text, "${"+variable+"}", replacement)
		}
		if strings.HasSuffix(operator, "IgnoreCase") {
			text, v = strings.ToLower(text), strings.ToLower(v)
		}
		matched := text == v
		if like || !complete {
			// For these operators the generator puts no wildcard beside a variable.
			matched = minioLike(text, v)
		}
		switch {
		case matched && complete:
			return yes
		case matched:
			result = maybe
		}
	}
	return result
}

func minioLike(pattern, value string) bool {
	c := testCase{
		Action: "s3:ListBucket", Bucket: "b", Conditions: map[string][]string{"sub": {value}},
		Documents: []document{{Version: policy.Version, Statements: []statement{{
			Effect: "Allow", Action: []string{"s3:*"}, Resource: []string{"*"},
			Condition: map[string]map[string][]string{"StringLike": {"jwt:sub": {pattern}}},
		}}}},
	}
	allowed, err := minioAllows(c)
	if err != nil {
		panic(err)
	}
	return allowed
}

func readable(operator, value string) bool {
	switch {
	case strings.HasPrefix(operator, "Numeric"):
		_, err := strconv.Atoi(value)
		return err == nil
	case strings.HasPrefix(operator, "Date"):
		_, err := time.Parse(time.RFC3339, value)
		return err == nil
	case operator == "Bool":
		return value == "true" || value == "false"
	}
	addr, err := netip.ParseAddr(value)
	return err == nil && addr.Zone() == ""
}
