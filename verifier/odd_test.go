package verifier

import (
	"testing"

	"github.com/claimgate/claimgate/verifier/internal/odd"
)

// Each of these is signed by the trusted key. README.md shows what libraries
// make of them.
func TestOddTokens(t *testing.T) {
	one := rsaKey(0, kidOne)
	v := offline(t, jwksOf(one))
	s := odd.Signer{Key: rsaPrivate[0](), KeyID: kidOne, Issuer: issuerURL, Audience: clientID, Now: testNow}
	if _, err := v.Verify(t.Context(), s.Plain(), Presented{}); err != nil {
		t.Fatalf("a token with nothing odd about it: %v", err)
	}
	for _, c := range s.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			_, err := v.Verify(t.Context(), c.Token, Presented{})
			wantReason(t, err, Reason(c.Reason))
		})
	}
}
