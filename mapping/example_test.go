package mapping_test

import (
	"fmt"
	"time"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
)

// The holder of a verified token asks for three operations. The answers name the rule and the statement.
func Example() {
	m, findings := mapping.Load("testdata/example.toml")
	for _, f := range findings {
		fmt.Println(f)
	}
	if m == nil {
		return
	}
	holder := mapping.Principal{
		Issuer:  "authentik",
		Subject: "alice",
		Groups:  []string{"minio-rw-reports"},
		Claim:   []string{"readonly,consoleAdmin"},
	}
	grants := m.Principal(holder, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	fmt.Println("holds", grants.Policies(), "ignores", grants.Ignored(), "until", grants.Until().Format(time.DateOnly))

	for _, r := range []*policy.Request{
		{Action: "s3:PutObject", Bucket: "reports", Object: "q1.csv"},
		{Action: "s3:DeleteObject", Bucket: "reports", Object: "q1.csv"},
		{Action: "s3:PutObject", Bucket: "payroll", Object: "q1.csv"},
	} {
		answer, denied := grants.Guard(r)
		if !denied {
			answer = grants.Evaluate(r)
		}
		fmt.Println(r.Action, r.Bucket, "->", answer.Outcome)
		if answer.Statement >= 0 {
			fmt.Printf("  by %s %q, %s:%d, policy %s, %s\n",
				answer.Rule.Kind, answer.Rule.Name, answer.Rule.File, answer.Rule.Line, answer.Policy, answer.Pos)
		}
	}
	// Output:
	// holds [readonly bucket-write] ignores [consoleAdmin] until 2030-01-01
	// s3:PutObject reports -> allow
	//   by group "minio-rw-{bucket}", testdata/example.toml:6, policy bucket-write, testdata/policies/bucket-write.json:4:5
	// s3:DeleteObject reports -> explicit deny
	//   by guard "nothing is deleted", testdata/example.toml:24, policy no-delete, testdata/example.toml:19:30
	// s3:PutObject payroll -> implicit deny
}
