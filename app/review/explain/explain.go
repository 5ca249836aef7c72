package explain

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
)

// Decide asks the gateway to decide a request, and explains the decision.
func Decide(ctx context.Context, g *gateway.Gateway, r *gateway.Request) Explanation {
	in := g.Mapping()
	d := g.Decide(ctx, r)
	return Tell(r, &d, in, g.Now())
}

// Malformed explains why a body that holds no request is refused.
func Malformed(err error) Explanation {
	return Explanation{
		Reason: gateway.RequestMalformed, Detail: err.Error(),
		Steps:    []Step{{"request", "decided", err.Error()}},
		Opposite: []string{"the body is what MinIO sends"},
	}
}

// Tell explains a decision. in is the mapping under which the gateway decided; nil if none was loaded.
func Tell(r *gateway.Request, d *gateway.Decision, in *mapping.Mapping, now time.Time) Explanation {
	x := Explanation{Allow: d.Allow(), Reason: d.Reason, Detail: d.Detail, Hint: d.Hint, Revision: d.Revision}
	t := narrator{r: r, d: d, in: in, now: now}
	x.Steps = t.steps()
	if a := d.Answer; a.Statement >= 0 && a.Policy != "" {
		x.Rule = &RuleAt{a.Rule.Name, a.Rule.Kind, a.Rule.File, a.Rule.Line}
		x.Policy = a.Policy
		x.Statement = &StatementAt{a.Sid, a.Statement, a.Pos.File, a.Pos.Line}
	}
	x.Opposite = t.opposite()
	return x
}

// narrator explains one decision.
type narrator struct {
	r   *gateway.Request
	d   *gateway.Decision
	in  *mapping.Mapping
	now time.Time
}

// stages are the names of the steps, in the order of Gateway.decide.
var stages = []string{
	"request", "owner", "evidence", "token", "binding", "revocation", "mapping", "guards", "policies", "session_policy",
}

// stage returns the step that ends with the reason.
func stage(reason gateway.Reason) string {
	switch reason {
	case gateway.RequestMalformed, gateway.CallerUnknown, gateway.Overloaded, gateway.InternalError:
		return "request"
	case gateway.Owner:
		return "owner"
	case gateway.NoToken, gateway.TokenAmbiguous:
		return "evidence"
	case gateway.TokenMalformed, gateway.TokenEncrypted, gateway.TokenAlgorithm, gateway.TokenType, gateway.TokenUnknownKey, gateway.TokenSignature, gateway.TokenIssuer,
		gateway.TokenAudience, gateway.TokenExpired, gateway.TokenNotYetValid, gateway.TokenLifetime, gateway.TokenClaims, gateway.KeysUnavailable, gateway.ClaimsUntrusted:
		return "token"
	case gateway.TokenBinding:
		return "binding"
	case gateway.TokenRevoked, gateway.RevocationUnknown:
		return "revocation"
	case gateway.NoPolicy:
		return "mapping"
	case gateway.GuardDeny:
		return "guards"
	case gateway.PolicyImplicitDeny, gateway.PolicyExplicitDeny, gateway.PolicyAllow, gateway.DenyOnly:
		return "policies"
	case gateway.SessionPolicyDeny:
		return "session_policy"
	}
	return "request"
}

// steps returns the steps up to the one that decided. An allow goes through all steps.
func (t *narrator) steps() []Step {
	last := stage(t.d.Reason)
	if t.d.Allow() && t.d.Reason != gateway.Owner {
		last = "session_policy"
	}
	var steps []Step
	for _, name := range stages {
		outcome, detail := t.step(name)
		decided := name == stage(t.d.Reason)
		if decided {
			outcome = "decided"
			if t.d.Detail != "" {
				detail = t.d.Detail
			}
		}
		steps = append(steps, Step{name, outcome, detail})
		if name == last {
			break
		}
	}
	return steps
}

// step returns the outcome and the detail of a step that did not decide.
func (t *narrator) step(name string) (outcome, detail string) {
	d, r := t.d, t.r
	switch name {
	case "request":
		return "passed", t.asked()
	case "owner":
		switch {
		case d.Reason == gateway.Owner:
			return "passed", "the key is root's or derived from root's, and owner.decision is allow"
		case r.Owner:
			return "skipped", `root's request is decided like any other: owner.decision is "evaluate"`
		}
		return "skipped", "the key is not root's"
	case "evidence":
		switch {
		case r.Action == gateway.ActionPrometheus:
			return "skipped", "a metrics scraper signs its own claims: only the account counts"
		case d.Attested:
			return "skipped", "no token; the claims that MinIO attests count, because evidence.without_token is claims"
		case d.Identity != nil || stage(d.Reason) == "token":
			return "passed", "one token in conditions"
		}
		return "skipped", "no token; the account " + quote(r.Account) + " has a rule"
	case "token":
		if id := d.Identity; id != nil {
			return "passed", fmt.Sprintf("%s names %s at issuer %s, groups %s", tokenWord(d), quote(id.Subject), quote(id.Issuer), quoteAll(id.Groups))
		}
		return "skipped", "there is no token to verify"
	case "binding":
		switch {
		case d.Identity == nil || d.Attested:
			return "skipped", "there is no token to bind"
		}
		return "passed", "the token belongs to the credential that signed the request"
	case "revocation":
		if d.Identity == nil {
			return "skipped", "there is no session that could end"
		}
		return "passed", "no logout of the session is known"
	case "mapping":
		return "passed", t.granted()
	case "guards":
		return "passed", t.guards()
	case "policies":
		return "passed", t.evaluated()
	}
	if r.Claims.Get("sessionPolicy").Raw() == nil || r.Action == gateway.ActionPrometheus {
		return "skipped", "the credential carries no session policy"
	}
	return "passed", "the session policy of the credential allows it too"
}

func (t *narrator) asked() string {
	text := t.r.Action
	if t.r.Bucket != "" {
		text += " on " + quote(t.resource())
	}
	text += " by " + quote(t.r.Account)
	if t.r.DenyOnly {
		text += ", self-service: allowed unless denied"
	}
	return text
}

func (t *narrator) resource() string {
	if t.r.Object == "" {
		return t.r.Bucket
	}
	return t.r.Bucket + "/" + t.r.Object
}

func (t *narrator) granted() string {
	var text strings.Builder
	if names := t.d.Grants.Policies(); len(names) > 0 {
		fmt.Fprintf(&text, "holds %s", strings.Join(names, ", "))
		for i, rule := range t.d.Grants.Rules() {
			text.WriteString(map[bool]string{true: " by ", false: "; "}[i == 0] + at(rule))
		}
	} else {
		text.WriteString("holds nothing")
	}
	if ignored := t.d.Grants.Ignored(); len(ignored) > 0 {
		fmt.Fprintf(&text, "; ignored, since [claim].allow does not list it: %s", quoteAll(ignored))
	}
	return text.String()
}

func (t *narrator) guards() string {
	bound := t.d.Grants.Guards()
	if t.d.Reason == gateway.GuardDeny {
		return t.statement()
	}
	if len(bound) == 0 {
		return "no guard applies to the holder"
	}
	names := make([]string, len(bound))
	for i, h := range bound {
		names[i] = h.Rule.Name
	}
	return "no guard denies it: " + quoteAll(names)
}

func (t *narrator) evaluated() string {
	switch t.d.Reason {
	case gateway.DenyOnly:
		return "no statement denies it, and a self-service request needs no Allow"
	case gateway.PolicyImplicitDeny:
		return "no statement of a granted policy allows it"
	default:
		return t.statement()
	}
}

func (t *narrator) statement() string {
	a := t.d.Answer
	if a.Statement < 0 {
		return a.Outcome.String()
	}
	word := "allows"
	if a.Outcome == policy.ExplicitDeny {
		word = "denies"
	}
	name := fmt.Sprintf("statement %d", a.Statement)
	if a.Sid != "" {
		name += " (" + a.Sid + ")"
	}
	return fmt.Sprintf("%s %s it: %s of policy %s, by %s", a.Pos, word, name, a.Policy, at(a.Rule))
}

func at(r mapping.Rule) string {
	return fmt.Sprintf("%s %s (%s:%d)", r.Kind, quote(r.Name), r.File, r.Line)
}

func tokenWord(d *gateway.Decision) string {
	if d.Attested {
		return "MinIO"
	}
	return "the token"
}

func quote(s string) string { return fmt.Sprintf("%q", s) }

func quoteAll(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = quote(s)
	}
	return strings.Join(quoted, ", ")
}

// Recorded explains an answer of the decision log by its reason alone. It is for lines that do not hold enough
// to decide the request again.
func Recorded(reason gateway.Reason, detail string) Explanation {
	if detail == "" {
		detail = "as recorded"
	}
	x := Explanation{Allow: reason.Allows(), Reason: reason, Detail: detail}
	for _, name := range stages {
		if name == stage(reason) {
			x.Steps = append(x.Steps, Step{name, "decided", detail})
			break
		}
		x.Steps = append(x.Steps, Step{name, "passed", "as recorded"})
	}
	d := gateway.Decision{Reason: reason}
	t := narrator{r: &gateway.Request{}, d: &d}
	x.Opposite = t.opposite()
	return x
}
