package gateway

import (
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
)

// EvaluateGrants applies steps 8 to 10 to known grants: no rule, the guards, the
// policies. It serves replays, which ask recorded questions under another mapping.
func EvaluateGrants(grants *mapping.Grants, asked *policy.Request) (Reason, mapping.Answer) {
	if grants.Empty() {
		return NoPolicy, mapping.Answer{Statement: -1}
	}
	guarded, answer := evaluate(grants, asked)
	return reasonOf(guarded, answer), answer
}

// reasonOf returns the reason for the answer of guards and policies.
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
