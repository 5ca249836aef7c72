package gateway

import (
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
)

// Weigh is steps 8 to 10 for grants that are known already: no rule, the
// guards, the policies. It is for asking a recorded question of another mapping,
// many times over.
func Weigh(grants *mapping.Grants, asked *policy.Request) (Reason, mapping.Answer) {
	if grants.Empty() {
		return NoPolicy, mapping.Answer{Statement: -1}
	}
	guarded, answer := evaluate(grants, asked)
	return weigh(guarded, answer), answer
}

// weigh names the reason of what guards and policies have answered.
func weigh(guarded bool, answer mapping.Answer) Reason {
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
