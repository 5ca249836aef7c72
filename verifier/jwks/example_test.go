package jwks_test

import (
	"context"
	"fmt"
	"time"

	"github.com/claimgate/claimgate/verifier/jwks"
)

// The key set comes from a function here; without Fetch it comes from the issuer.
func Example() {
	const document = `{"keys":[{"kid":"one","use":"sig","kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`
	keys, err := jwks.New(context.Background(), jwks.Config{
		Name: "authentik", MaxStale: time.Hour,
		Fetch: func(context.Context) ([]byte, error) { return []byte(document), nil },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer keys.Close()
	_, found := keys.Find(context.Background(), "one")
	for _, key := range found {
		fmt.Println(key.Kid(), key.Allows("EdDSA"), key.Allows("RS256"))
	}
	// Output: one true false
}
