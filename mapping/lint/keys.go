package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
)

// place is a key or an action in a statement of a policy. Each place is reported once.
type place struct {
	policy    string
	statement int
	text      string
}

// keys reports keys that have no useful value for holders of a token, in the policies of rules for such
// holders. For them MinIO sends a hash of sub and iss as the user name, and no LDAP values.
func (c *checker) keys() {
	reported := map[place]bool{}
	for _, r := range c.m.Rules() {
		if r.Kind == "account" {
			continue
		}
		for _, name := range r.Policies {
			c.policyKeys(r, name, reported)
		}
	}
}

func (c *checker) policyKeys(r mapping.RuleInfo, name string, reported map[place]bool) {
	h, ok := c.m.Policy(name, nil)
	if !ok {
		return
	}
	for i, s := range h.Policy.Statements() {
		c.headBucket(h.Policy.Name(), i, s, reported)
		for _, key := range s.Reads {
			why, fix := uselessForHolders(key)
			if here := (place{h.Policy.Name(), i, key}); why != "" && !reported[here] {
				reported[here] = true
				_, at, _ := c.m.StatementAt(h.Policy.Name(), i)
				c.at(mapping.CodeNotTheirs, at, fmt.Sprintf("policy %q reads %s, but %s %q grants it to holders of a token: %s", h.Policy.Name(), key, r.Kind, r.Name, why), fix)
			}
		}
	}
}

// uselessForHolders says why a key has no useful value for holders of a token, and what to write instead.
// why is empty for all other keys.
func uselessForHolders(key string) (why, fix string) {
	switch {
	case slices.Contains([]string{"aws:username", "aws:userid"}, key):
		return "for them MinIO sends a hash of sub and iss under this key", "write jwt:preferred_username for the user name, or jwt:sub for the subject; in a resource ${jwt:preferred_username} or ${jwt:sub}"
	case strings.HasPrefix(key, "ldap:"):
		return "for them MinIO sends no value under this key", "write jwt:preferred_username, jwt:sub or jwt:groups, or claim:NAME for another claim of the token"
	}
	return "", ""
}

// Groups reports each statement that reads jwt:groups in a policy of people whose issuers all have their
// groups in another claim than "groups". claims maps the name of each configured issuer to the path of its
// claim with the groups.
func Groups(m *mapping.Mapping, claims map[string][]string) []mapping.Finding {
	c := checker{m: m}
	reported := map[place]bool{}
	for _, r := range m.Rules() {
		path, elsewhere := groupsElsewhere(r.Issuer, claims)
		if r.Kind == "account" || !elsewhere {
			continue
		}
		for _, name := range r.Policies {
			c.groupsOf(name, strings.Join(path, "/"), reported)
		}
	}
	finding.Sort(c.findings)
	return c.findings
}

func (c *checker) groupsOf(name, claim string, reported map[place]bool) {
	h, ok := c.m.Policy(name, nil)
	if !ok {
		return
	}
	for i, s := range h.Policy.Statements() {
		here := place{h.Policy.Name(), i, "jwt:groups"}
		if !slices.Contains(s.Reads, "jwt:groups") || reported[here] {
			continue
		}
		reported[here] = true
		_, at, _ := c.m.StatementAt(h.Policy.Name(), i)
		c.at(mapping.CodeNotTheirs, at, fmt.Sprintf("policy %q reads jwt:groups, the claim \"groups\", but the groups are in the claim %q", h.Policy.Name(), claim),
			"write aws:groups: the groups of the verified token, whatever their claim is called")
	}
}

// groupsElsewhere returns true, and the path of a claim with the groups, if no such issuer has its groups in the
// claim "groups". An empty issuer means every issuer.
func groupsElsewhere(issuer string, claims map[string][]string) (path []string, elsewhere bool) {
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		if issuer != "" && issuer != name {
			continue
		}
		if slices.Equal(claims[name], []string{"groups"}) {
			return nil, false
		}
		if path == nil {
			path = claims[name]
		}
	}
	return path, path != nil
}

// headBucket reports an Allow that has s3:HeadBucket but not s3:ListBucket. For the operation HeadBucket,
// MinIO asks for s3:HeadBucket and then, if that is denied, for s3:ListBucket. AWS and the listing of
// objects use s3:ListBucket.
func (c *checker) headBucket(name string, i int, s policy.Statement, reported map[place]bool) {
	const head, list = "s3:HeadBucket", "s3:ListBucket"
	here := place{name, i, head}
	if s.Deny || s.Covers(list) || !slices.Contains(s.Actions, head) || reported[here] {
		return
	}
	reported[here] = true
	_, at, _ := c.m.StatementAt(name, i)
	c.at(mapping.CodeOperation, at, fmt.Sprintf("policy %q allows %s, which answers whether a bucket exists and lists nothing", name, head),
		fmt.Sprintf("write %q: MinIO asks for this action for HeadBucket, too", list))
}
