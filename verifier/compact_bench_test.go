package verifier

import (
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
)

// The strict gate alone: everything before the issuer is looked up.
func BenchmarkParseCompact(b *testing.B) {
	token := idp.RSAKey(0, idp.KidOne).Token(idp.IDClaims(time.Now()).With("groups", groups(8)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseCompact(token, 16<<10, accessTypes); err != nil {
			b.Fatal(err)
		}
	}
}
