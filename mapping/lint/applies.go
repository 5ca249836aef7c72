package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/claimgate/claimgate/mapping/policy"
)

const s3ARN = "arn:aws:s3:::"

// applies reports the statements of custom policies, and the parts of statements, that can never apply.
func (c *checker) applies() {
	read := access.NewReader(nil)
	for _, p := range c.m.Policies() {
		if p.Canned || p.Policy == nil {
			continue
		}
		h := withMadeUpCaptures(c.m, p.Name())
		allowed := map[int]bool{}
		for _, a := range read.AllowedBy(h, []mapping.Granted{h}, nil, access.Asked()) {
			allowed[a.Statement] = true
		}
		for i, s := range p.Statements() {
			_, at, _ := c.m.StatementAt(p.Name(), i)
			if c.impossibleResources(p.Name(), s, at) || c.neverApplies(p.Name(), s, at) || s.Deny || allowed[i] || len(s.Resources) == 0 && len(s.NotResources) == 0 && len(s.Actions) == 0 {
				continue
			}
			if hasDeny(p.Policy) {
				c.at(mapping.CodeTakenBack, at, fmt.Sprintf("a Deny of policy %q takes back all of this Allow", p.Name()),
					"remove the Allow, or narrow the Deny if the Allow is meant")
			}
		}
	}
}

func hasDeny(p *policy.Policy) bool {
	return slices.ContainsFunc(p.Statements(), func(s policy.Statement) bool { return s.Deny })
}

// impossibleResources reports resources that no bucket and no object of MinIO can have.
func (c *checker) impossibleResources(name string, s policy.Statement, at policy.Position) (found bool) {
	for _, text := range slices.Concat(s.Resources, s.NotResources) {
		resource, s3 := strings.CutPrefix(text, s3ARN)
		if !s3 || resource == "*" {
			continue
		}
		if why := whyImpossible(resource); why != "" {
			found = true
			c.at(mapping.CodeNoBucket, at, fmt.Sprintf("policy %q names the resource %q, which nothing can match: %s", name, text, why),
				"write arn:aws:s3:::BUCKET for a bucket, arn:aws:s3:::BUCKET/* for its objects")
		}
		if endsInMark(resource) {
			c.at(mapping.CodeLastMark, at, fmt.Sprintf("policy %q names the resource %q: MinIO compares it with the bucket's name and a slash, so the last ? stands for the slash", name, text),
				fmt.Sprintf("write %q for these buckets, %q for their objects", text+"/", text+"/*"))
		}
	}
	return found
}

// endsInMark returns true if the last question mark of a resource stands for the slash. MinIO asks about the bucket b
// with the text b/ (minio/pkg policy/statement.go), and * before the question mark stands for any text.
func endsInMark(resource string) bool {
	before := strings.TrimRight(resource, "?")
	return before != resource && !strings.HasSuffix(before, "*") && !strings.Contains(resource, "/")
}

// whyImpossible says why nothing can match a resource, or returns "". Bucket names of MinIO have letters,
// digits, dots, dashes, underscores and colons (minio-go CheckValidBucketName).
func whyImpossible(resource string) string {
	bucket, _, _ := strings.Cut(outsideVariables(resource), "/")
	if bucket == "" {
		return "there is no bucket name before the slash"
	}
	for _, r := range bucket {
		switch {
		case r == ' ' || r == '\t':
			return "a bucket name cannot contain a blank"
		case !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:*?", r):
			return fmt.Sprintf("a bucket name cannot contain %q", r)
		}
	}
	return ""
}

// outsideVariables replaces each ${...} by a letter.
func outsideVariables(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteByte('v')
		_, text, _ = strings.Cut(rest, "}")
	}
}

// neverApplies reports actions that MinIO never asks for on any resource of the statement, and resources on
// which MinIO never asks for any action of the statement.
func (c *checker) neverApplies(name string, s policy.Statement, at policy.Position) (found bool) {
	if len(s.Actions) == 0 || len(s.Resources) == 0 || !strings.HasPrefix(s.Actions[0], "s3:") {
		return false
	}
	used := make([]bool, len(s.Resources))
	for _, pattern := range s.Actions {
		applies := false
		actions := access.Matching(pattern)
		for i, resource := range s.Resources {
			if slices.ContainsFunc(actions, func(a string) bool { return access.Applies(a, resource) }) {
				applies, used[i] = true, true
			}
		}
		if !applies && len(actions) > 0 {
			found = true
			c.at(mapping.CodeNeverApplies, at, fmt.Sprintf("policy %q names %s, an action on %s: it can never apply to %s", name, pattern, kindName(actions[0]), quoted(s.Resources)),
				applicableAdvice(actions[0], s))
		}
	}
	for i, resource := range s.Resources {
		if !used[i] && !found && !s.Deny { // in a Deny a superfluous resource does no harm
			c.at(mapping.CodeNeverApplies, at, fmt.Sprintf("policy %q names the resource %q, but MinIO asks for none of the statement's actions on it", name, resource),
				"remove the resource, or write the actions that are meant for it")
			found = true
		}
	}
	return found
}

func quoted(list []string) string {
	var all []string
	for _, s := range list {
		all = append(all, fmt.Sprintf("%q", s))
	}
	return strings.Join(all, ", ")
}

// kindName says on what an action operates.
func kindName(action string) string {
	switch access.KindOf(action) {
	case access.ObjectKind:
		return "objects"
	case access.BucketKind:
		return "buckets"
	case access.ClusterKind:
		return "all buckets together"
	case access.KeyKind, access.AnyKind:
	}
	return "something else"
}

// applicableAdvice says what to write for an action that can never apply.
func applicableAdvice(action string, s policy.Statement) string {
	bucket, _, _ := strings.Cut(strings.TrimPrefix(s.Resources[0], s3ARN), "/")
	switch kind := access.KindOf(action); {
	case slices.Contains(policy.RootEquivalent(), action): // no advice to allow a root-equivalent action
		return "remove the action, which is root-equivalent"
	case kind == access.ClusterKind:
		return `write "arn:aws:s3:::*" in a statement of its own`
	case kind == access.BucketKind:
		return fmt.Sprintf("write %q for the bucket, in a statement of its own", s3ARN+bucket)
	}
	return fmt.Sprintf("write %q for the objects of the bucket", s3ARN+bucket+"/*")
}
