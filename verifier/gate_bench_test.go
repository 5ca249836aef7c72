package verifier

import (
	"testing"
	"time"
)

// The strict gate alone: everything before the issuer is looked up.
func BenchmarkGate(b *testing.B) {
	token := rsaKey(0, kidOne).token(idClaims(time.Now()).with("groups", groups(8)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := gate(token, 16<<10, tokenTypes); err != nil {
			b.Fatal(err)
		}
	}
}
