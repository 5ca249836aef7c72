package policy

import (
	"fmt"
	"slices"

	"github.com/claimgate/claimgate/internal/strictjson"
)

// In MinIO a statement about versionAction is about impliedAction too, in an Allow and in a Deny.
const (
	versionAction = "s3:GetObjectVersion"
	impliedAction = "s3:GetObject"
)

// actions reads the Action or NotAction of a statement.
func (r *reader) actions(st *statement, v, action, notAction strictjson.Value) {
	list, name := action, "Action"
	switch {
	case action.Kind() == strictjson.Missing && notAction.Kind() == strictjson.Missing:
		r.fail(v.Offset(), "the statement has no Action", `write "Action": ["s3:GetObject"] or the like`)
		return
	case action.Kind() != strictjson.Missing && notAction.Kind() != strictjson.Missing:
		r.fail(notAction.Offset(), "the statement has Action and NotAction", "write two statements")
		return
	case notAction.Kind() != strictjson.Missing:
		list, name, st.notAction = notAction, "NotAction", true
	}
	var covered actionSet
	for _, a := range r.strings(list, name) {
		pattern := appendWild(nil, a.text)
		if a.text == versionAction {
			covered.add(actionIDs[impliedAction])
		}
		found := matching(pattern)
		covered.join(found)
		r.action(st, a, found)
		st.actions = append(st.actions, pattern)
		st.actionText = append(st.actionText, a.text)
	}
	st.known = coveredActions(st, covered)
}

// action reports an action that is not known, and sets or checks the statement's family. found are the known
// actions that a matches.
func (r *reader) action(st *statement, a written, found actionSet) {
	if found.empty() {
		r.fail(a.offset, fmt.Sprintf("no action is called %q", a.text), ActionAdvice(a.text))
		return
	}
	if st.notAction {
		st.family = s3Family // as in MinIO, a NotAction needs a Resource
		return
	}
	f, ok := statementFamily(a.text)
	if !ok {
		r.refusePattern(a)
		return
	}
	first := len(st.actions) == 0 || st.family == noFamily
	alone := a.text == anyAction || slices.Contains(st.actionText, anyAction)
	switch {
	case first:
		st.family = f
	case st.family != f || alone:
		r.fail(a.offset, fmt.Sprintf("%q cannot be in one statement with %q", a.text, st.actionText[0]),
			"write a statement for each: a statement has only s3, only admin, only kms or only sts actions, or only the bare star")
	}
}

// refusePattern reports a pattern that MinIO does not have.
func (r *reader) refusePattern(a written) {
	switch f := familyOf(a.text); f {
	case adminFamily, kmsFamily:
		r.fail(a.offset, fmt.Sprintf("%q matches several %s actions", a.text, f),
			fmt.Sprintf("name them one by one, or write %q: MinIO has no other pattern for these actions", f.String()+":*"))
	case stsFamily:
		r.fail(a.offset, fmt.Sprintf("%q matches several sts actions", a.text), "name them one by one: MinIO has no pattern for sts actions")
	case s3Family, noFamily:
		r.fail(a.offset, fmt.Sprintf("%q matches several actions, and no s3 action", a.text),
			`name them one by one: MinIO's only other patterns are "admin:*" and "kms:*"`)
	}
}

// statementFamily returns the family of a statement with this action. ok is false for a pattern that matches no
// s3 action, unless the pattern is *, admin:* or kms:*.
func statementFamily(action string) (family, bool) {
	_, exact := actionIDs[action]
	f := familyOf(action)
	switch {
	case action == anyAction:
		return stsFamily, true
	case f != adminFamily && f != kmsFamily && f != stsFamily:
		return s3Family, matching(appendWild(nil, action)).intersects(s3Actions)
	case exact, action == "admin:*", action == "kms:*":
		return f, true
	}
	return f, false
}

// coveredActions returns the known actions that a statement is about. A wide pattern or a NotAction of an
// Allow covers s3 actions only: to grant admin or kms actions, a policy has to name them. A Deny covers all
// that its text says (README, D6).
func coveredActions(st *statement, covered actionSet) actionSet {
	if st.notAction {
		for i := range covered {
			covered[i] = ^covered[i]
		}
	}
	wide := st.family == s3Family || slices.Contains(st.actionText, anyAction)
	if wide && !st.deny {
		for i := range covered {
			covered[i] &= s3Actions[i]
		}
	}
	return covered
}
