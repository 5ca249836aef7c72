package policy

import "strings"

// A statement is one entry of a policy, ready to be evaluated.
type statement struct {
	sid  string
	pos  Position
	deny bool

	family     family
	notAction  bool
	actionText []string
	known      actionSet // the known actions it covers, NotAction and implications worked in
	actions    [][]op    // for actions that are not known

	notResource  bool
	anyResource  bool // Resource is ignored or left out
	resourceText []string
	resources    []*pattern

	conditions []*condition
}

// covers reports whether the statement is about the action. The number is that
// of a known action, -1 of another.
func (st *statement) covers(action string, id int) bool {
	if id >= 0 {
		return st.known.has(uint8(id))
	}
	// An action of a server newer than the table. No wide pattern of an Allow
	// reaches out of the family it was written for.
	if !st.deny && st.family == s3Family && familyOf(action) != s3Family {
		return false
	}
	for _, pattern := range st.actions {
		if matchOps(pattern, action) {
			return !st.notAction
		}
	}
	return st.notAction
}

// target is what a request is about, in the form the statements are matched
// against. The context stays apart from it: what is handed to a Context may
// outlive the call, and the resource's bytes may not.
type target struct {
	bucket   string
	resource string // bucket/object, or bucket/ where there is no object
	whole    bool   // there is no object: the bucket itself is meant
}

// matchResource matches one resource. Resources are compared as they are
// written: "..", "." and doubled slashes mean nothing (README, D7).
func (t *target) matchResource(p *pattern, ctx Context) ternary {
	result := p.match(t.resource, ctx)
	if result != yes && t.whole {
		result = max(result, p.spells(t.bucket, ctx))
	}
	return result
}

// matches reports whether the statement applies. The action has been looked at
// already; only is the one resource to look at, -1 for all.
func (st *statement) matches(t *target, ctx Context, only int) bool {
	found := st.matchResources(t, ctx, only)
	if !found.applies(st.deny) {
		return false
	}
	for _, c := range st.conditions {
		if !c.holds(ctx).applies(st.deny) {
			return false
		}
	}
	return true
}

func (st *statement) matchResources(t *target, ctx Context, only int) ternary {
	if st.anyResource || st.family == kmsFamily && t.bucket == "" {
		return yes // most kms calls name no key
	}
	if only >= 0 {
		return t.matchResource(st.resources[only], ctx)
	}
	found := no
	for _, p := range st.resources {
		if found = max(found, t.matchResource(p, ctx)); found == yes {
			break
		}
	}
	if st.notResource {
		return found.not()
	}
	return found
}

func (st *statement) readsContext() bool {
	reads := len(st.conditions) > 0
	st.eachPattern(func(p *pattern) { reads = reads || p.hasContextVariable() })
	return reads
}

func (st *statement) eachPattern(visit func(*pattern)) {
	for _, p := range st.resources {
		visit(p)
	}
	for _, c := range st.conditions {
		for _, p := range c.patterns {
			visit(p)
		}
	}
}

func (st *statement) conditionText() []string {
	var text []string
	for _, c := range st.conditions {
		text = append(text, c.operator+" "+c.key)
	}
	return text
}

// bind fixes the statement's group variables for one grant. Without any it is
// the statement itself.
func (st *statement) bind(vars map[string]string) *statement {
	needs := false
	st.eachPattern(func(p *pattern) { needs = needs || p.hasGroupVariable() })
	if !needs {
		return st
	}
	bound := *st
	bound.resources = bindAll(st.resources, vars)
	bound.conditions = nil
	for _, c := range st.conditions {
		copied := *c
		copied.patterns = bindAll(c.patterns, vars)
		bound.conditions = append(bound.conditions, &copied)
	}
	return &bound
}

func bindAll(patterns []*pattern, vars map[string]string) []*pattern {
	bound := make([]*pattern, len(patterns))
	for i, p := range patterns {
		bound[i] = p.bind(vars)
	}
	return bound
}

func cutGroup(key string) (name string, found bool) {
	name, found = strings.CutPrefix(key, groupVariable)
	return name, found
}
