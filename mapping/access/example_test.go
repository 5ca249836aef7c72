package access_test

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
)

// The example prints what a group may write, and what a Deny takes away from that.
func Example() {
	dir, err := os.MkdirTemp("", "mapping-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "mapping.toml")
	if err := os.WriteFile(file, []byte(`
version = 1
[[group]]
name = "analytics"
policies = ["reports"]
[[policy]]
name = "reports"
document = '''{"Statement": [
  {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::reports/*"},
  {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::reports/closed/*"}]}'''
`), 0o600); err != nil {
		panic(err)
	}
	m, found := mapping.Load(file)
	if m == nil {
		panic(found)
	}
	principals, placeholders := access.Principals(m)
	read := access.NewReader(placeholders)
	for _, p := range principals {
		x := read.Reach(p.Holds(m, access.OtherIssuer, time.Now()))
		for _, r := range access.Cover(x.Allows, "s3:PutObject") {
			for _, t := range access.Without(access.TermsOf(access.ObjectKind, r), access.Cover(x.Denies, "s3:PutObject")) {
				fmt.Println(p.Name, "writes", read.Text(t.In[0]), "except", read.Text(t.Except[0]))
			}
		}
	}
	// Output: group:analytics writes reports/* except reports/closed/*
}
