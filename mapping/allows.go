package mapping

import (
	"time"

	"github.com/claimgate/claimgate/mapping/policy"
)

// Allowing lists the rules that are in force at now and that each allow the request on their own. It
// ignores guards, DenyOnly, and the Deny statements of other rules. A rule with {bucket} in its pattern is
// evaluated for the group whose name captures the request's bucket.
func (m *Mapping) Allowing(r *policy.Request, now time.Time) []RuleInfo {
	asked := *r
	asked.DenyOnly = false
	answers := map[*entry]bool{}
	var list []RuleInfo
	for i, rule := range m.rules {
		if !rule.active(now) {
			continue
		}
		for _, e := range rule.policies {
			allows, known := answers[e]
			if !known {
				vars := map[string]string{}
				if legalBucket(r.Bucket) {
					vars["bucket"] = r.Bucket
				}
				allows = policy.Compile(policy.Grant{Policy: e.Policy, Vars: vars}).Evaluate(&asked).Allowed()
				answers[e] = allows
			}
			if allows {
				list = append(list, m.info(i))
				break
			}
		}
	}
	return list
}

// Allows lists the policies held that each allow the request on their own. It ignores guards, DenyOnly, and
// the Deny statements of other policies. The right is gone only if all listed policies are taken away.
func (g *Grants) Allows(r *policy.Request) []Granted {
	asked := *r
	asked.DenyOnly = false
	var list []Granted
	for _, h := range g.Granted() {
		if policy.Compile(policy.Grant{Policy: h.Policy, Vars: h.Vars}).Evaluate(&asked).Allowed() {
			list = append(list, h)
		}
	}
	return list
}
