package verifier

import (
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"github.com/claimgate/claimgate/verifier/introspection"
)

func TestTheIssuersAnswerBecomesAReason(t *testing.T) {
	on := func(o *Options) {
		o.Issuers[0].Introspection = introspection.Config{ClientID: idp.ClientID, ClientSecret: "secret", TTL: time.Minute}
	}
	for name, c := range map[string]struct {
		served idp.Fault
		adjust func(*Options)
		want   Reason
	}{
		"active":   {idp.Fault{}, on, ""},
		"inactive": {idp.Fault{Introspection: idp.Status(200, `{"active":false}`)}, on, Inactive},
		"down":     {idp.Fault{Introspection: idp.Status(500, "")}, on, RevocationUnknown},
		"off":      {idp.Fault{Introspection: idp.Status(500, "")}, func(*Options) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, i *idp.Issuer, v *Verifier) {
				token := idp.RSAKey(0, idp.KidOne).Token(idp.IDClaims(time.Now()))
				id, err := v.Verify(t.Context(), token, Presented{})
				wantReason(t, err, "")
				i.Fail(c.served)
				wantReason(t, v.Introspect(t.Context(), id, token), c.want)
				if off := v.States()[0].Introspection == nil; off != (name == "off") {
					t.Errorf("a state of introspection: %v", !off)
				}
				wantReason(t, v.Introspect(t.Context(), &Identity{IssuerURL: "https://other.example/"}, token), RevocationUnknown)
			}, c.adjust)
		})
	}
}
