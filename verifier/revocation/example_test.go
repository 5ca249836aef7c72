package revocation_test

import (
	"fmt"
	"time"

	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/revocation"
)

// A logout token that names a subject ends every earlier session of the subject.
func Example() {
	ended := revocation.NewList(time.Now, 25*time.Hour)
	logout := &revocation.Logout{Issuer: "authentik", Subject: "alice", ID: "1", IssuedAt: time.Now()}
	fmt.Println("counts:", ended.End(logout), "again:", ended.End(logout))

	before := &verifier.Identity{Issuer: "authentik", Subject: "alice", IssuedAt: time.Now().Add(-time.Hour)}
	after := &verifier.Identity{Issuer: "authentik", Subject: "alice", IssuedAt: time.Now().Add(time.Minute)}
	fmt.Println("ended:", ended.Revoked(before, ""), ended.Revoked(after, ""))
	// Output:
	// counts: true again: false
	// ended: true false
}
