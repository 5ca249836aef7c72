package explain

import (
	"fmt"
	"strings"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
)

// shown is how many rules an explanation names. The others are counted.
const shown = 5

// opposite returns Explanation.Opposite.
func (t *narrator) opposite() []string {
	switch t.d.Reason {
	case gateway.CallerUnknown:
		return []string{"the server that asks sends one of server.caller_tokens, as MINIO_POLICY_PLUGIN_AUTH_TOKEN"}
	case gateway.Overloaded:
		return []string{"fewer tokens wait to be verified at the same time"}
	case gateway.RevocationUnknown:
		return []string{"the store of revocations answers, or the issuer's introspection: /readyz of the admin listener says which does not"}
	case gateway.KeysUnavailable:
		return []string{"the issuer's keys can be fetched, or were within max_stale"}
	case gateway.InternalError:
		return []string{"claimgate does not fail here: its log says more"}
	default:
	}
	switch stage(t.d.Reason) {
	case "owner":
		return []string{`owner.decision is "evaluate" in config.toml, and no rule allows it`}
	case "evidence":
		lines := []string{"conditions hold one valid token of the caller, and a rule grants that token enough"}
		if t.r.Signer().Static {
			lines = append(lines, "an [[account]] rule for "+quote(t.r.Account)+" grants it")
		}
		return lines
	case "token", "binding", "revocation":
		if t.d.Hint != "" {
			return []string{t.d.Hint}
		}
		return []string{"the token is valid and the caller's own, and its session has not ended"}
	case "mapping", "guards", "policies":
		if t.in == nil {
			return []string{"a mapping is loaded"}
		}
		return t.oppositeOfPolicies()
	case "session_policy":
		return []string{"the session policy of the credential allows it: make a new credential with a wider session policy"}
	}
	return []string{"the request is what MinIO sends"}
}

// oppositeOfPolicies is opposite for a decision of the mapping, a guard, or a policy.
func (t *narrator) oppositeOfPolicies() []string {
	asked := gateway.Question(t.r, t.d.Identity)
	switch t.d.Reason {
	case gateway.PolicyAllow:
		return append(t.without(asked), fmt.Sprintf("a guard, or a Deny in a granted policy, applies to %s on %s", t.r.Action, quote(t.resource())))
	case gateway.DenyOnly:
		return []string{fmt.Sprintf("a guard, or a Deny in a granted policy, applies to %s", t.r.Action)}
	case gateway.GuardDeny:
		return []string{t.unguarded() + t.allowToo(asked)}
	case gateway.PolicyExplicitDeny:
		a := t.d.Answer
		return []string{fmt.Sprintf("the Deny at %s does not match, or %s does not grant policy %s", a.Pos, at(a.Rule), a.Policy) + t.allowToo(asked)}
	default:
		return t.withAllowingRules(fmt.Sprintf("a granted policy gets an Allow for %s on %s", t.r.Action, quote(t.resource())))
	}
}

// without names the grants that would all have to be removed for a denial.
func (t *narrator) without(asked *policy.Request) []string {
	allowing := t.d.Grants.Allows(asked)
	text := ""
	for i, h := range allowing {
		switch {
		case i == shown:
			text += fmt.Sprintf(" and %d more", len(allowing)-shown)
		case i > shown:
		default:
			if i > 0 {
				text += ", and "
			}
			text += fmt.Sprintf("%s does not grant %s", at(h.Rule), h.Policy.Name())
		}
	}
	return []string{text}
}

// unguarded says how the guard that decided would not deny the request.
func (t *narrator) unguarded() string {
	a := t.d.Answer
	text := fmt.Sprintf("the guard %s (%s:%d) does not deny it", quote(a.Rule.Name), a.Rule.File, a.Rule.Line)
	for _, g := range t.in.Guards() {
		if g.Rule == a.Rule && len(g.Except) > 0 {
			text += ", or the caller is in " + quoteAll(g.Except)
		}
	}
	return text
}

// allowToo says what else an allow would need if the Deny did not apply.
func (t *narrator) allowToo(asked *policy.Request) string {
	if t.r.DenyOnly || len(t.d.Grants.Allows(asked)) > 0 {
		return ""
	}
	return ", and a granted policy gets an Allow for it: none has one now"
}

// withAllowingRules returns first, and then the rules of the mapping that would allow the request.
func (t *narrator) withAllowingRules(first string) []string {
	lines := []string{first}
	if t.in == nil {
		return lines
	}
	found := t.in.Allowing(gateway.Question(t.r, t.d.Identity), t.now)
	for i, rule := range found {
		if i == shown {
			lines = append(lines, fmt.Sprintf("%d more rules of the mapping would allow it too", len(found)-shown))
			break
		}
		lines = append(lines, holder(rule))
	}
	return lines
}

// holder says who is granted something by the rule.
func holder(r mapping.RuleInfo) string {
	where := fmt.Sprintf(" (%s:%d)", r.File, r.Line)
	if r.Issuer != "" {
		where = ", at issuer " + quote(r.Issuer) + where
	}
	switch {
	case r.Captures != nil:
		return "the caller is in a group that matches " + quote(r.Name) + " and captures the name that is asked for" + where
	case r.Kind == "group":
		return "the caller is in group " + quote(r.Name) + where
	case r.Kind == "user":
		return "the caller is subject " + quote(r.Name) + where
	case r.Kind == "account":
		return "the caller is the static account " + quote(r.Name) + where
	}
	return "the token's claim " + quote(r.Name) + " names the policy " + strings.Join(r.Policies, ", ") + where
}
