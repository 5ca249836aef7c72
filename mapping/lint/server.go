package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
)

// RustFS returns findings about what RustFS does differently from MinIO (1.0.0-rc.3 and later, see
// docs/servers.md): keys that RustFS does not send, and the one action that can override a deny of the
// webhook.
func RustFS(m *mapping.Mapping) []mapping.Finding {
	c := checker{m: m}
	c.bucketPolicies()
	c.notSent()
	finding.Sort(c.findings)
	return c.findings
}

// bucketPolicies reports each granted policy that allows writing bucket policies. On RustFS an Allow in a
// bucket policy overrides the webhook's deny, so guards no longer hold in that bucket. A guard that denies
// the action to everybody prevents this.
func (c *checker) bucketPolicies() {
	const action = "s3:PutBucketPolicy"
	var guards []mapping.Granted
	for _, g := range c.m.Guards() {
		if h, ok := c.m.Policy(g.Policy, nil); ok {
			guards = append(guards, h)
		}
	}
	read := access.NewReader(nil)
	for _, p := range c.m.Policies() {
		at, granted := c.m.FirstGrant(p.Name())
		if !granted || p.Policy == nil {
			continue
		}
		h := withMadeUpCaptures(c.m, p.Name())
		allowed := read.AllowedBy(h, []mapping.Granted{h}, guards, []string{action})
		if len(allowed) == 0 {
			continue
		}
		if !p.Canned {
			_, at, _ = c.m.StatementAt(p.Name(), allowed[0].Statement)
		}
		c.at(mapping.CodeOverridden, at, fmt.Sprintf("policy %q allows %s: on RustFS an Allow in a bucket policy overrides every deny of claimgate, also of a guard", p.Name(), action),
			"add a [[guard]] that denies "+action+" to everybody; existing bucket policies stay in force")
	}
}

// notSent reports conditions and variables on a key that RustFS sends only sometimes, or never. A condition
// without a value holds only for a negated operator, such as StringNotEquals.
func (c *checker) notSent() {
	for _, p := range c.m.Policies() {
		if p.Policy == nil || p.Canned {
			continue
		}
		for i, s := range p.Policy.Statements() {
			for _, key := range slices.Compact(slices.Sorted(slices.Values(s.Reads))) {
				why := whenSent(key)
				if why == "" {
					continue
				}
				_, at, _ := c.m.StatementAt(p.Name(), i)
				c.at(mapping.CodeNotSent, at, fmt.Sprintf("policy %q reads %s, which RustFS %s: the condition has no value then", p.Name(), key, why),
					"write a condition on a key that RustFS sends, such as aws:SourceIp or a claim of the token")
			}
		}
	}
}

// whenSent says when RustFS sends a key, if that differs from MinIO, else "".
func whenSent(key string) string {
	switch {
	case key == "s3:versionid":
		return "sends only if a version is named"
	case key == "aws:Referer":
		return "sends only if the client sent one"
	case key == "s3:object-lock-remaining-retention-days", strings.HasPrefix(key, "svc:"), strings.HasPrefix(key, "sts:"), strings.HasPrefix(key, "ldap:"):
		return "does not send"
	}
	return ""
}
