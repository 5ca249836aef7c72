package oracle

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	minio "github.com/minio/pkg/v3/policy"

	"github.com/claimgate/claimgate/mapping/policy"
)

// testCase is one request to both engines, with the documents. It is small enough to print.
type testCase struct {
	Documents  []document          `json:"documents"`
	Session    string              `json:"session,omitempty"` // "session" or "access key" if the document is a session policy
	Action     string              `json:"action"`
	Bucket     string              `json:"bucket"`
	Object     string              `json:"object"`
	DenyOnly   bool                `json:"denyOnly,omitempty"`
	Conditions map[string][]string `json:"conditions"`
}

type document struct {
	Version    string      `json:"version"`
	ID         string      `json:"id,omitempty"`
	Statements []statement `json:"statements"`
}

type statement struct {
	Effect      string                         `json:"effect"`
	Action      []string                       `json:"action,omitempty"`
	NotAction   []string                       `json:"notAction,omitempty"`
	Resource    []string                       `json:"resource,omitempty"`
	NotResource []string                       `json:"notResource,omitempty"`
	Condition   map[string]map[string][]string `json:"condition,omitempty"`
	Scalar      bool                           `json:"scalar,omitempty"` // a list of one is written as its element
}

func (st statement) deny() bool { return st.Effect == "Deny" }

// text returns the document as JSON, as a person would write it.
func (d document) text() []byte {
	top := map[string]any{}
	if d.Version != "" {
		top["Version"] = d.Version
	}
	if d.ID != "" {
		top["ID"] = d.ID
	}
	var all []any
	for _, st := range d.Statements {
		one := map[string]any{"Effect": st.Effect}
		for name, values := range map[string][]string{
			"Action": st.Action, "NotAction": st.NotAction, "Resource": st.Resource, "NotResource": st.NotResource,
		} {
			if values != nil {
				one[name] = st.values("", values)
			}
		}
		if st.Condition != nil {
			operators := map[string]any{}
			for operator, keys := range st.Condition {
				written := map[string]any{}
				for key, values := range keys {
					written[key] = st.values(operator, values)
				}
				operators[operator] = written
			}
			one["Condition"] = operators
		}
		all = append(all, one)
	}
	if all != nil {
		top["Statement"] = all
	}
	text, err := json.Marshal(top)
	if err != nil {
		panic(err)
	}
	return text
}

func (st statement) values(operator string, values []string) any {
	if !st.Scalar || len(values) != 1 {
		return values
	}
	base := baseOperator(operator)
	if n, err := strconv.Atoi(values[0]); err == nil && strings.HasPrefix(base, "Numeric") {
		return n
	}
	if base == "Bool" || base == "Null" {
		switch values[0] {
		case "true":
			return true
		case "false":
			return false
		}
	}
	return values[0]
}

func baseOperator(operator string) string {
	return strings.TrimPrefix(strings.TrimPrefix(operator, "ForAllValues:"), "ForAnyValue:")
}

func (c testCase) clone() testCase {
	text, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	var copied testCase
	if err := json.Unmarshal(text, &copied); err != nil {
		panic(err)
	}
	return copied
}

func (c testCase) String() string {
	var b strings.Builder
	for _, d := range c.Documents {
		fmt.Fprintf(&b, "  %s\n", d.text())
	}
	fmt.Fprintf(&b, "  action %q bucket %q object %q denyOnly %t session %q\n", c.Action, c.Bucket, c.Object, c.DenyOnly, c.Session)
	for _, name := range slices.Sorted(maps.Keys(c.Conditions)) {
		fmt.Fprintf(&b, "  conditions[%q] = %q\n", name, c.Conditions[name])
	}
	return b.String()
}

// facts is the policy.Context of a request, as the gateway builds it.
type facts map[string][]string

func (f facts) Values(key string) []string {
	names := policy.ConditionNames(key)
	if len(names) == 1 {
		return f[names[0]]
	}
	var all []string
	for _, name := range names {
		if values := f[name]; len(values) > 0 {
			all = append(all, values[0])
		}
	}
	return all
}

// claimgateAllows asks claimgate's engine. err is set if a document does not load.
func claimgateAllows(c testCase) (allowed bool, err error) {
	request := &policy.Request{
		Action: c.Action, Bucket: c.Bucket, Object: c.Object, DenyOnly: c.DenyOnly, Context: facts(c.Conditions),
	}
	if c.Session != "" {
		p, kind, err := policy.ParseSession(c.Documents[0].text())
		request.DenyOnly = false
		switch {
		case err != nil:
			return false, err
		case kind == policy.SessionEmpty:
			return c.Session == "access key", nil
		case kind == policy.SessionNoVersion && c.Session == "session":
			return false, nil
		}
		return policy.Compile(policy.Grant{Policy: p}).Evaluate(request).Allowed(), nil
	}
	var grants []policy.Grant
	for _, d := range c.Documents {
		p, err := policy.Parse("p", d.text(), policy.Source{File: "p"})
		if err != nil {
			return false, err
		}
		grants = append(grants, policy.Grant{Policy: p})
	}
	return policy.Compile(grants...).Evaluate(request).Allowed(), nil
}

// minioAllows asks MinIO's engine, as MinIO's server does.
func minioAllows(c testCase) (allowed bool, err error) {
	args := minio.Args{
		Action: minio.Action(c.Action), BucketName: c.Bucket, ObjectName: c.Object, DenyOnly: c.DenyOnly,
		ConditionValues: c.Conditions,
	}
	var policies []minio.Policy
	for _, d := range c.Documents {
		p, err := minioPolicy(string(d.text()))
		if err != nil {
			return false, err
		}
		policies = append(policies, *p)
	}
	if c.Session != "" {
		args.DenyOnly = false
		p := policies[0]
		if p.Version == "" && len(p.Statements) == 0 && p.ID == "" && c.Session == "access key" {
			return true, nil
		}
		if p.Version == "" && c.Session == "session" {
			return false, nil
		}
	}
	if len(policies) == 1 {
		return policies[0].IsAllowed(args), nil
	}
	return minio.MergePolicies(policies...).IsAllowed(args), nil
}

// parsed is a parsed document, cached because parsing is the slowest part of MinIO's engine.
type parsed struct {
	policy *minio.Policy
	err    error
}

var parsedDocuments = map[string]parsed{}

func minioPolicy(text string) (*minio.Policy, error) {
	known, found := parsedDocuments[text]
	if !found {
		known.policy, known.err = minio.ParseConfig(strings.NewReader(text))
		if len(parsedDocuments) > 4096 {
			clear(parsedDocuments)
		}
		parsedDocuments[text] = known
	}
	return known.policy, known.err
}

// canonicalName returns the other spelling of a key's name, which MinIO's engine looks up first.
func canonicalName(key string) string {
	_, name, _ := strings.Cut(key, ":")
	return http.CanonicalHeaderKey(name)
}
