package policy

import "strings"

// A statement is one entry of a policy, compiled.
type statement struct {
	sid  string
	pos  Position
	deny bool

	family     family
	notAction  bool
	actionText []string
	known      actionSet // the known actions it covers, after NotAction and implied actions
	actions    [][]op    // the patterns, for actions that are not known

	notResource  bool
	anyResource  bool // Resource is ignored or absent
	resourceText []string
	resources    []*pattern

	conditions []*condition
}

// covers reports whether the statement is about the action. id is the number of a known action, or -1 for
// an unknown action.
func (st *statement) covers(action string, id int) bool {
	if id >= 0 {
		return st.known.has(uint8(id))
	}
	// The action is unknown, perhaps from a newer server. An Allow for s3 actions never covers an action
	// of another family.
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

// target is the object of a request in the form in which statements match it. It does not include the
// Context, because a Context may keep what it is given, and the bytes of resource are only valid during the
// call.
type target struct {
	bucket   string
	resource string // bucket/object, or bucket/ if there is no object
	whole    bool   // there is no object: the request is about the bucket itself
}

// matchResource matches one resource. Resources are compared as written: "..", "." and double slashes have
// no meaning (README, D7).
func (t *target) matchResource(p *pattern, ctx Context) ternary {
	result := p.match(t.resource, ctx)
	if result != yes && t.whole {
		result = max(result, p.matchesText(t.bucket, ctx))
	}
	return result
}

// matches reports whether the resources and conditions of the statement hold. The caller has checked the
// action. only is the number of the one resource to check, or -1 for all.
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
		return yes // most kms calls name no key, and no Resource limits those
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

// bind replaces the group variables by the captures of a grant. A statement without group variables is
// returned unchanged.
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
