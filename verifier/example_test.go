package verifier_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/claimgate/claimgate/verifier"
)

func Example() {
	v, err := verifier.New(verifier.Options{Issuers: []verifier.Issuer{{
		Name: "authentik", URL: "https://auth.example.com/application/o/minio/", Audiences: []string{"minio"},
		Algorithms: []string{"RS256", "ES256"}, Leeway: 30 * time.Second, MaxLifetime: 24 * time.Hour,
		Refresh: 5 * time.Minute, RefetchCooldown: 10 * time.Second, MaxStale: 24 * time.Hour,
	}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer v.Close()
	// v.Start() fetches the key set in the background.

	_, err = v.Verify(context.Background(), "eyJhbGciOiJub25lIn0.e30.", verifier.Presented{})
	fmt.Println(verifier.ReasonOf(err), errors.Is(err, &verifier.Error{Reason: verifier.Algorithm}))
	// Output: token_algorithm true
}
