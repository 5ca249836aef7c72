package mapping

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/claimgate/claimgate/mapping/policy"
)

// expiryWarning is how long before its end a grant gets a warning.
const expiryWarning = 30 * 24 * time.Hour

// RootEquivalent lists the actions that lead to all other actions or to all data; see
// policy.RootEquivalent.
func RootEquivalent() []string { return policy.RootEquivalent() }

// lintUnused warns of a policy that no rule and no guard names.
func (l *loader) lintUnused() {
	for i := range l.raw.Policies {
		p := &l.raw.Policies[i]
		if e := l.policies[fold(p.Name)]; p.Name != "" && !l.used[e] {
			l.report(codeNeverGranted, l.source.At(p), fmt.Sprintf("no rule names policy %q", p.Name), "remove the policy, or grant it in a rule")
		}
	}
}

// lintRights warns of a rule that has expired or will soon, and of a rule without reason or owner.
func (l *loader) lintRights(r *rule, w *rawRights, table any) {
	at := w.Expires.At
	switch {
	case r.expires.IsZero():
	case !r.active(l.now):
		l.report(codeExpired, at, "the grant has expired and grants nothing", "remove the rule, or write a later date in expires")
	case !r.active(l.now.Add(expiryWarning)):
		l.report(codeExpiresSoon, at, "the grant expires on "+r.expires.Format("2006-01-02 15:04 MST"), "write a later date in expires, or let the grant expire")
	}
	l.lintExplained(w.Reason, w.Owner, table)
}

func (l *loader) lintExplained(reason, owner string, table any) {
	var lacks []string
	if strings.TrimSpace(reason) == "" {
		lacks = append(lacks, "reason")
	}
	if strings.TrimSpace(owner) == "" {
		lacks = append(lacks, "owner")
	}
	if len(lacks) > 0 {
		l.report(codeUnexplained, l.source.At(table), "the rule has no "+strings.Join(lacks, " and no "),
			`write reason = "why, or the ticket" and owner = "who answers for it"`)
	}
}

// lintAccount warns of a name that cannot be a MinIO access key. An access key has at least three
// characters, and neither "=" nor a comma, because MinIO splits its own texts at these.
func (l *loader) lintAccount(name *string) {
	if len(*name) < 3 || strings.ContainsAny(*name, "=,") {
		l.report(codeNeverMatches, l.source.At(name), fmt.Sprintf("no MinIO access key can be %q: an access key has 3 characters or more, and no \"=\" and no comma", *name),
			"write the access key, exactly")
	}
}

func (l *loader) lintPattern(g *rawGroup, p *pattern) {
	at := l.source.At(&g.Match)
	if first, second, is := p.ambiguous(); is {
		l.report(codeAmbiguous, at, fmt.Sprintf("many names can be split between {%s} and {%s} in several ways, and such a name matches nothing", first, second),
			"separate them by a character that a capture cannot hold, such as / or :")
	}
	for _, capture := range p.captures {
		needed := slices.ContainsFunc(g.Policies, func(name string) bool {
			e, ok := l.policies[fold(name)]
			return !ok || e.Policy == nil || slices.Contains(e.needs, capture)
		})
		if !needed {
			l.report(codeUnusedCapture, at, fmt.Sprintf("no policy of the rule uses ${group:%s}, so all matching groups get the same rights", capture),
				"grant a policy that uses the capture, unless equal rights are meant")
		}
	}
}

// noteFirstGrants records the place at which the first rule grants each policy.
func (l *loader) noteFirstGrants() {
	l.m.granted = map[*entry]policy.Position{}
	each := func(names []string) {
		for i := range names {
			if e, ok := l.policies[fold(names[i])]; ok {
				if _, seen := l.m.granted[e]; !seen {
					l.m.granted[e] = policy.Position(l.source.At(&names[i]))
				}
			}
		}
	}
	r := &l.raw
	each(r.Claim.Allow)
	for i := range r.Groups {
		each(r.Groups[i].Policies)
	}
	for i := range r.Users {
		each(r.Users[i].Policies)
	}
	for i := range r.Accounts {
		each(r.Accounts[i].Policies)
	}
}
