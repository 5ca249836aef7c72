package verifier

import (
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
)

// Only the strict parsing: everything before the lookup of the issuer.
func BenchmarkParseCompact(b *testing.B) {
	token := idp.RSAKey(0, idp.KidOne).Token(idp.IDClaims(time.Now()).With("groups", groups(8)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseCompact(token, 16<<10, accessTypes); err != nil {
			b.Fatal(err)
		}
	}
}
