package diff_test

import (
	"fmt"
	"time"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/diff"
)

// The example prints what principals gain if one mapping replaces another.
func Example() {
	before, _ := mapping.Load("testdata/before.toml")
	after, _ := mapping.Load("testdata/after.toml")
	result := diff.Compare(before, after, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	for _, c := range result.Gains {
		fmt.Println(c.Principal, "gains", c.Actions, "on", c.Resources, "except", c.Except)
	}
	// Output:
	// group:analysts gains [s3:PutObject] on [arn:aws:s3:::reports/*] except [arn:aws:s3:::reports/final/*]
}
