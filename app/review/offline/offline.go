package offline

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/claimgate/claimgate/app/dialect"
	"github.com/claimgate/claimgate/app/dialect/dialects"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/app/review/explain"
	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/verifier/revocation"
)

// Options are the options of a Gate. Mapping is required.
type Options struct {
	Mapping *mapping.Mapping
	// Issuers are the configured issuers. Without configured issuers every iss is accepted.
	Issuers []Issuer
	// Issuer is the name of every issuer if no issuer is configured. The default is the only issuer that rules
	// name, else "authentik", as in config.toml.
	Issuer string
	// Evidence without keys gets the defaults of config.toml.
	Evidence      gateway.Evidence
	EvaluateOwner bool
	Formerly      map[string][]string         // as in gateway.Options
	Providers     map[string]gateway.Provider // as in gateway.Options
	// Now is the clock for grants that expire; default time.Now.
	Now func() time.Time
}

// Gate decides requests offline. The caller must Close a Gate after use.
type Gate struct {
	gateway *gateway.Gateway
	given   *given
	issuer  string
	mapping *mapping.Mapping
}

// New returns a Gate for the options.
func New(o Options) (*Gate, error) {
	names := issuers{configured: o.Issuers, otherwise: o.Issuer}
	if len(o.Evidence.Keys) == 0 {
		o.Evidence = gateway.Evidence{
			Keys: []string{"authentik_token", "X-Authentik-Jwt"}, StaticCredentials: gateway.StaticMatch,
		}
	}
	if names.otherwise == "" {
		names.otherwise = usualIssuer(o.Mapping, names.configured)
	}
	g, err := newGiven(names)
	if err != nil {
		return nil, err
	}
	gw, err := gateway.New(gateway.Options{
		Verifier: g, Revocations: revocation.NewList(time.Now, time.Hour), Evidence: o.Evidence, Formerly: o.Formerly, Providers: o.Providers,
		EvaluateOwner: o.EvaluateOwner, DecisionEntries: 1000, Now: o.Now,
	})
	if err != nil {
		g.reader.Close()
		return nil, err
	}
	gw.Use(o.Mapping)
	return &Gate{gw, g, names.otherwise, o.Mapping}, nil
}

// usualIssuer returns the name of the issuer for a Question that names none.
func usualIssuer(m *mapping.Mapping, known []Issuer) string {
	if len(known) > 0 {
		return known[0].Name
	}
	var named []string
	for _, r := range m.Rules() {
		if r.Issuer != "" && !slices.Contains(named, r.Issuer) {
			named = append(named, r.Issuer)
		}
	}
	if len(named) == 1 {
		return named[0]
	}
	return "authentik"
}

// Close releases the resources of the gate.
func (g *Gate) Close() {
	g.gateway.Close()
	g.given.reader.Close()
}

// Explain decides a webhook's body and explains the decision.
func (g *Gate) Explain(ctx context.Context, body []byte) explain.Explanation {
	r, err := dialects.Decode(body, new(strictjson.Document))
	switch {
	case errors.Is(err, dialect.ErrProbe):
		return explain.Malformed(errors.New("an empty body is MinIO's start-up probe: the answer is false, without a reason"))
	case err != nil:
		return explain.Malformed(err)
	}
	x := explain.Decide(ctx, g.gateway, &r)
	for i := range x.Steps {
		s := &x.Steps[i]
		switch {
		case s.Step == "token" && s.Outcome == "passed":
			s.Detail += "; taken as given: signature, lifetime and audience cannot be checked offline"
		case s.Step == "revocation" && s.Outcome == "passed":
			s.Detail = "not checked offline: only the running server knows the logouts"
		}
	}
	return x
}

// ExplainQuestion decides a question and explains the decision.
func (g *Gate) ExplainQuestion(ctx context.Context, q *Question) (explain.Explanation, error) {
	body, err := g.Body(q)
	if err != nil {
		return explain.Explanation{}, err
	}
	return g.Explain(ctx, body), nil
}

// ExplainLine decides the request of a line of the decision log again. If the token was refused, the line does
// not hold the identity, so ExplainLine explains the recorded answer.
func (g *Gate) ExplainLine(ctx context.Context, l *Line) (explain.Explanation, error) {
	if l.Action == "" || !l.Owner && !DependsOnMapping(l.Reason, l.Static) {
		return explain.Recorded(l.Reason, l.Detail), nil
	}
	x, err := g.ExplainQuestion(ctx, l.Question())
	if err != nil || x.Reason == l.Reason {
		return x, err
	}
	if l.Reason == gateway.SessionPolicyDeny && x.Allow {
		return explain.Recorded(l.Reason, l.Detail), nil
	}
	x.Detail = "the line of the log says " + string(l.Reason) + ": it was decided under another mapping or at another time"
	return x, nil
}

// ExplainRecorded decides a recorded request in any form that Read accepts, and explains the decision.
func (g *Gate) ExplainRecorded(ctx context.Context, text []byte) (explain.Explanation, error) {
	recorded, err := Read(text)
	switch {
	case err != nil:
		return explain.Explanation{}, err
	case recorded.Line != nil:
		return g.ExplainLine(ctx, recorded.Line)
	}
	return g.Explain(ctx, recorded.Body), nil
}

// DependsOnMapping returns true if an answer with the reason can depend on the mapping: grants decided the request,
// or a static key had no grants. static is the member of that name in the decision log.
func DependsOnMapping(reason gateway.Reason, static bool) bool {
	switch reason {
	case gateway.PolicyAllow, gateway.DenyOnly, gateway.NoPolicy, gateway.PolicyImplicitDeny, gateway.PolicyExplicitDeny,
		gateway.GuardDeny, gateway.SessionPolicyDeny:
		return true
	case gateway.NoToken:
		return static
	default:
		return false
	}
}
