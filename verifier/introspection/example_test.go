package introspection_test

import (
	"fmt"
	"time"

	"github.com/claimgate/claimgate/verifier/introspection"
)

// An incomplete configuration is an error, never "do not ask".
func ExampleConfig_Validate() {
	c := introspection.Config{ClientID: "minio", TTL: 30 * time.Second}
	fmt.Println(c.Validate(false))
	// Output: the client's secret is empty
}
