package gateway_test

import (
	"context"
	"testing"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/verifier"
)

// An introspection that fails without a reason denies.
func TestAnErrorWithoutAReasonDenies(t *testing.T) {
	g := newGate(t, func(o *gateway.Options, _ *verifier.Issuer, _ *verifier.Options) {
		o.Introspect = func(context.Context, *verifier.Identity, string) error { return &verifier.Error{} }
	})
	in := g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").token(g.sign("bob", []string{"devs"}))
	g.expect("an error of no reason", in, gateway.InternalError)
}
