package verifier

import (
	"testing"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"github.com/claimgate/claimgate/verifier/internal/malformed"
)

// Each token is signed by the trusted key. README.md shows which libraries accept them.
func TestMalformedTokens(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	v := offline(t, idp.JWKSOf(one))
	s := malformed.Signer{Key: idp.RSAPrivate(0), KeyID: idp.KidOne, Issuer: idp.URL, Audience: idp.ClientID, Now: idp.Now}
	if _, err := v.Verify(t.Context(), s.Plain(), Presented{}); err != nil {
		t.Fatalf("a good token: %v", err)
	}
	for _, c := range s.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			_, err := v.Verify(t.Context(), c.Token, Presented{})
			wantReason(t, err, Reason(c.Reason))
		})
	}
}
