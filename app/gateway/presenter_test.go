package gateway_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/parent"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/verifier"
)

// presenterVerifier is a verifier that remembers how the last token was presented.
type presenterVerifier struct {
	*verifier.Verifier
	presented verifier.Presented
}

func (v *presenterVerifier) Verify(ctx context.Context, token string, p verifier.Presented) (*verifier.Identity, error) {
	v.presented = p
	v.presented.By = strings.Clone(p.By) // p.By shares the request's memory, which the test overwrites
	return v.Verifier.Verify(ctx, token, p)
}

// A token is presented by the access key that MinIO names, whatever the claims or the token say. So a failed
// check costs that access key only.
func TestATokenIsPresentedByTheAccessKey(t *testing.T) {
	g := newGate(t, accountAge(time.Hour))
	v := &presenterVerifier{Verifier: g.Verifier}
	asked, err := gateway.New(gateway.Options{
		Verifier: v, Revocations: g.Revocations, DecisionEntries: 1,
		Evidence: gateway.Evidence{Keys: []string{"authentik_token"}, ServiceAccountMaxAge: time.Hour},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(asked.Close)
	asked.Use(g.Mapping())
	g.Gateway = asked
	good := g.sign("bob", []string{"devs"})
	accessKey := func(name, of string) input {
		in := g.session(ask(name, "s3:GetObject", "b", "o"), "bob").claim("sa-policy", "inherited-policy").noClaim("exp")
		return in.claim("parent", of)
	}
	for _, c := range []struct {
		name string
		in   input
		want verifier.Presented
	}{
		{"a session", g.session(ask("S1", "s3:GetObject", "b", "o"), "bob"), verifier.Presented{By: "S1"}},
		{"an access key of a session", accessKey("AK", parent.MinIO(g.Issuer.URL(), "bob").String()), verifier.Presented{By: "AK", MaxAge: time.Hour}},
		{"an access key of somebody else's", accessKey("AK2", "x"), verifier.Presented{By: "AK2"}},
		{"a static key", ask("velero", "s3:GetObject", "b", "o"), verifier.Presented{By: "velero"}},
		{"nobody", ask("", "s3:GetObject", "b", "o"), verifier.Presented{}},
	} {
		v.presented = verifier.Presented{By: "was not asked"}
		if g.decide(c.in.token(good)); v.presented != c.want {
			t.Errorf("%s: presented %+v, want %+v", c.name, v.presented, c.want)
		}
	}
}
