package gateway_test

import (
	"context"
	"testing"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/verifier"
)

// The gateway introspects only tokens, and only after the token is bound. Every error of the introspection
// denies.
func TestOnlyBoundTokensAreIntrospected(t *testing.T) {
	asked := 0
	var answer error
	g := newGate(t, func(o *gateway.Options, _ *verifier.Issuer, _ *verifier.Options) {
		o.Evidence.AttestedClaims = true
		o.Stale = func() bool { return false }
		o.Introspect = func(_ context.Context, id *verifier.Identity, token string) error {
			if id.Subject != "bob" || token == "" {
				t.Errorf("asked about %q with the token %q", id.Subject, token)
			}
			asked++
			return answer
		}
	})
	good := g.sign("bob", []string{"devs"})
	session := func(user string) input { return g.session(ask("S1", "s3:GetObject", "b", "o"), user) }
	for _, tc := range []struct {
		name   string
		in     input
		answer error
		want   gateway.Reason
		asked  int
	}{
		{"it lives", session("bob").token(good), nil, gateway.PolicyAllow, 1},
		{"it has ended", session("bob").token(good), &verifier.Error{Reason: verifier.Inactive}, gateway.TokenRevoked, 1},
		{"nobody knows", session("bob").token(good), &verifier.Error{Reason: verifier.RevocationUnknown}, gateway.RevocationUnknown, 1},
		{"an error of another kind", session("bob").token(good), context.Canceled, gateway.InternalError, 1},
		{"another user's token", session("alice").token(good), nil, gateway.TokenBinding, 0},
		{"MinIO's word, of which there is no token", session("bob"), nil, gateway.NoPolicy, 0},
		{"root", ask("minio", "s3:GetObject", "b", "o").with("owner", true), nil, gateway.Owner, 0},
	} {
		asked, answer = 0, tc.answer
		g.expect(tc.name, tc.in, tc.want)
		if asked != tc.asked {
			t.Errorf("%s: asked %d times, want %d", tc.name, asked, tc.asked)
		}
	}
}

// An introspection that fails without a reason denies.
func TestAnErrorWithoutAReasonDenies(t *testing.T) {
	g := newGate(t, func(o *gateway.Options, _ *verifier.Issuer, _ *verifier.Options) {
		o.Introspect = func(context.Context, *verifier.Identity, string) error { return &verifier.Error{} }
	})
	in := g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").token(g.sign("bob", []string{"devs"}))
	g.expect("an error of no reason", in, gateway.InternalError)
}
