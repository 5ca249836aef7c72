package gateway

import (
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
)

// EvaluateGrants decides a request by known grants: it applies steps 8 to 10 of Gateway.decide. Replays
// use it to decide recorded requests under another mapping.
func EvaluateGrants(grants *mapping.Grants, req *policy.Request) (Reason, mapping.Answer) {
	if grants.Empty() {
		return NoPolicy, mapping.Answer{Statement: -1}
	}
	guarded, answer := evaluate(grants, req)
	return reasonOf(guarded, answer), answer
}

// evaluate evaluates the guards, then the policies. guarded means that a guard denied.
func evaluate(grants *mapping.Grants, req *policy.Request) (guarded bool, answer mapping.Answer) {
	if answer, guarded = grants.Guard(req); guarded {
		return true, answer
	}
	return false, grants.Evaluate(req)
}

// reasonOf returns the reason for the answer of the guards and policies.
func reasonOf(guarded bool, answer mapping.Answer) Reason {
	switch {
	case guarded:
		return GuardDeny
	case answer.Outcome == policy.ExplicitDeny:
		return PolicyExplicitDeny
	case answer.Outcome == policy.AllowDenyOnly:
		return DenyOnly
	case answer.Outcome == policy.Allow:
		return PolicyAllow
	}
	return PolicyImplicitDeny
}
