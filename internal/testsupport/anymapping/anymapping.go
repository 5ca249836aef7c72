// Package anymapping makes random mappings for tests. Their rules often apply to the same people and
// resources. They have patterns, captures, guards, NotAction, NotResource, Deny, conditions, claims and
// several issuers.
package anymapping

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping"
	"pgregory.net/rapid"
)

// Pick draws one element of a list.
func Pick[T any](t *rapid.T, label string, list []T) T {
	return list[rapid.IntRange(0, len(list)-1).Draw(t, label)]
}

// Some draws between least and most elements of a list. An element may be drawn more than once.
func Some[T any](t *rapid.T, label string, list []T, least, most int) []T {
	var all []T
	for range rapid.IntRange(least, most).Draw(t, label) {
		all = append(all, Pick(t, label, list))
	}
	return all
}

// The words of random mappings.
var (
	actionWords = []string{
		`"s3:GetObject"`, `"s3:PutObject"`, `"s3:Get*"`, `"s3:*"`, `"s3:DeleteObject","s3:ListBucket"`, `"admin:*"`, `"kms:*"`, `"s3:ListBucket"`,
	}
	resourceWords = []string{"*", "bob/*", "bob", "bo*", "bob/secret/*", "*/x", "cat/*", "b?b/x*", "*b/*x*", "bob/x"}
	variableWords = []string{"bob/${jwt:sub}/*", "${jwt:sub}/*", "bob/${aws:username}", "${claim:dept}/*", "${claim:dept}", "${aws:username}"}
	captureWords  = []string{"${group:team}/*", "${group:team}", "bob/${group:team}/*", "${group:team}-x/*"}
	conditions    = []string{
		`{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`, `{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`, `{"StringEquals":{"claim:dept":"eng"}}`,
		`{"StringNotEquals":{"claim:dept":["eng","ops"]}}`, `{"Null":{"claim:dept":"true"}}`, `{"ForAnyValue:StringEquals":{"aws:groups":"g2"}}`,
		`{"StringLike":{"aws:username":"b*"}}`, `{"StringEquals":{"jwt:sub":"bob"}}`, `{"IpAddress":{"aws:SourceIp":"2001:db8::/32"}}`,
		`{"StringEquals":{"claim:azp":"minio"}}`, `{"StringNotEquals":{"claim:azp":"minio"}}`, `{"StringLike":{"jwt:sub":"zqx*"}}`,
		`{"StringEquals":{"jwt:iss":"one"}}`, `{"Null":{"jwt:iss":"true"}}`,
		// A claim of another type than the operator needs, and a text that the operator cannot read, are unknown.
		`{"ForAllValues:StringLike":{"claim:dept":"*"}}`, `{"StringEquals":{"claim:dept":"eng"},"StringNotEquals":{"claim:dept":"eng"}}`,
		`{"NumericLessThan":{"claim:level":1},"NumericGreaterThan":{"claim:level":5}}`, `{"NumericGreaterThan":{"claim:level":3}}`,
		`{"Bool":{"claim:mfa":"true"}}`, `{"Bool":{"claim:mfa":"true"},"StringEquals":{"claim:mfa":"yes"}}`,
		`{"StringLike":{"claim:realm":"*"},"Null":{"claim:realm/level":"false"}}`, `{"NumericEquals":{"claim:realm/level":2}}`,
		`{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`,
		`{"DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"},"DateGreaterThan":{"aws:CurrentTime":"2028-01-01T00:00:00Z"}}`,
		`{"ForAnyValue:StringNotEquals":{"jwt:email":"a@example.com"}}`, `{"StringEquals":{"jwt:email":"a@example.com"},"StringNotEquals":{"jwt:email":"a@example.com"}}`,
	}
	// Two different values of an object-lock key are unknown.
	lockConditions = []string{
		`{"StringEquals":{"s3:object-lock-mode":"GOVERNANCE"},"StringNotEquals":{"s3:object-lock-mode":"GOVERNANCE"}}`, `{"StringEquals":{"s3:object-lock-mode":"GOVERNANCE"}}`,
		`{"StringNotEquals":{"s3:object-lock-mode":"GOVERNANCE"}}`, `{"Null":{"s3:object-lock-mode":"true"},"StringEquals":{"s3:object-lock-mode":"GOVERNANCE"}}`,
	}
	listConditions = []string{
		`{"NumericLessThan":{"s3:max-keys":10},"NumericGreaterThan":{"s3:max-keys":20}}`, `{"NumericLessThan":{"s3:max-keys":10}}`, `{"StringLike":{"s3:prefix":"bob*"}}`,
	}
)

// conditionsFor returns conditions that MinIO supports for the actions of a statement.
func conditionsFor(actions string) []string {
	switch actions {
	case `"s3:PutObject"`:
		return slices.Concat(conditions, lockConditions, lockConditions)
	case `"s3:ListBucket"`:
		return slices.Concat(conditions, listConditions)
	case `"s3:*"`:
		return slices.Concat(conditions, lockConditions, listConditions)
	}
	return conditions
}

// Groups returns names of groups that the rules and guards of a random mapping match or nearly match.
func Groups() []string { return []string{"g1", "g2", "eve", "team-bob", "team-cat", "t-bob-x"} }

// Mapping is a random mapping and the text of its file.
type Mapping struct {
	*mapping.Mapping
	Text string
}

// Draw writes a random mapping into the directory dir and loads it. A plain mapping has no conditions and
// no policy variables.
func Draw(t *rapid.T, dir string, plain bool) Mapping {
	w := &writer{T: t}
	m := w.mapping(dir, plain)
	return Mapping{m, w.text.String()}
}

// Broad writes a random mapping in which the groups g1 and g2 may do nearly everything, and loads it. Each statement
// but one has a condition. So conditions alone decide most requests.
func Broad(t *rapid.T, dir string) Mapping {
	w := &writer{T: t}
	w.text.WriteString("version = 1\n[claim]\nallow = [\"p1\"]\n")
	for i, name := range []string{"p1", "d1"} {
		actions := Pick(t, "actions", []string{`"s3:*"`, `"s3:PutObject"`, `"s3:GetObject","s3:PutObject"`, `"s3:ListBucket"`})
		statement := func(effect, condition string) string {
			return fmt.Sprintf(`{"Effect":%q,"Action":[%s],"Resource":["arn:aws:s3:::%s"]%s}`, effect, actions, Pick(t, "resource", []string{"*", "*", "bob/*", "bob*"}), condition)
		}
		var list []string
		if i == 0 && rapid.IntRange(0, 3).Draw(t, "sure") > 0 {
			list = append(list, `{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::*"]}`)
		}
		for len(list) == 0 || rapid.Bool().Draw(t, "more") {
			effect := "Deny"
			if i == 0 && rapid.Bool().Draw(t, "allow") {
				effect = "Allow"
			}
			list = append(list, statement(effect, `,"Condition":`+Pick(t, "condition", conditionsFor(actions))))
		}
		fmt.Fprintf(&w.text, "[[policy]]\nname = %q\ndocument = '''{\"Statement\":[%s]}'''\n", name, strings.Join(list, ","))
	}
	w.text.WriteString("[[group]]\nname = \"g1\"\npolicies = [\"p1\"]\n[[group]]\nname = \"g2\"\npolicies = [\"p1\", \"readwrite\"]\n")
	if rapid.Bool().Draw(t, "guard") {
		w.text.WriteString("[[guard]]\nname = \"d1\"\npolicy = \"d1\"\nexcept_groups = [\"g2\"]\n")
	}
	return Mapping{w.load(dir), w.text.String()}
}

type writer struct {
	*rapid.T
	text strings.Builder
}

func (w *writer) statement(effect string, capture, plain bool) string {
	actions, member, about := Pick(w.T, "actions", actionWords), "Action", "Resource"
	resources, arn := slices.Clone(resourceWords), "arn:aws:s3:::"
	if !plain {
		resources = append(resources, variableWords...)
	}
	if capture {
		resources = append(slices.Concat(resources, captureWords), captureWords...)
	}
	switch {
	case strings.HasPrefix(actions, `"kms:`):
		arn, resources = "arn:minio:kms:::", []string{"bob", "b*", "*"}
	case strings.HasPrefix(actions, `"s3:`) && rapid.IntRange(0, 9).Draw(w.T, "NotAction") == 0:
		member = "NotAction"
	case strings.HasPrefix(actions, `"s3:`) && rapid.IntRange(0, 5).Draw(w.T, "NotResource") == 0:
		about = "NotResource"
	}
	var list []string
	for _, text := range Some(w.T, "resource", resources, 1, 2) {
		list = append(list, fmt.Sprintf("%q", arn+text))
	}
	condition := ""
	if !plain && rapid.IntRange(0, 2).Draw(w.T, "conditional") == 0 {
		condition = `,"Condition":` + Pick(w.T, "condition", conditionsFor(actions))
	}
	return fmt.Sprintf(`{"Effect":%q,%q:[%s],%q:[%s]%s}`, effect, member, actions, about, strings.Join(list, ","), condition)
}

func (w *writer) policy(name string, guard, capture, plain bool) {
	var list []string
	for i := range rapid.IntRange(1, 3).Draw(w.T, "statements") {
		effect := "Allow"
		if guard && i == 0 || rapid.IntRange(0, 3).Draw(w.T, "deny") == 0 {
			effect = "Deny"
		}
		list = append(list, w.statement(effect, capture, plain))
	}
	fmt.Fprintf(&w.text, "[[policy]]\nname = %q\ndocument = '''{\"Statement\":[%s]}'''\n", name, strings.Join(list, ","))
}

func (w *writer) mapping(dir string, plain bool) *mapping.Mapping {
	maybe := func(label string) bool { return rapid.Bool().Draw(w.T, label) }
	w.text.WriteString("version = 1\n[claim]\nallow = [\"readonly\", \"p1\"]\n")
	w.policy("p1", false, false, plain)
	w.policy("p2", false, false, plain)
	w.policy("own", false, true, plain)
	w.policy("twice", false, true, plain)
	w.policy("d1", true, false, plain)
	w.policy("d2", true, false, plain)
	grants := []string{`"p1"`, `"p2"`, `"p1","p2"`, `"readonly"`, `"p2","writeonly"`}
	for _, name := range []string{"g1", "g2", "eve", "team-cat"} {
		if maybe("group") {
			fmt.Fprintf(&w.text, "[[group]]\nname = %q\n%s%spolicies = [%s]\n", name, Pick(w.T, "issuer", []string{"", "", "", "issuer = \"one\"\n"}),
				Pick(w.T, "expires", []string{"", "", "", "expires = 2026-06-30\n"}), Pick(w.T, "policies", grants))
		}
	}
	if maybe("match") {
		fmt.Fprintf(&w.text, "[[group]]\nmatch = \"team-{team}\"\npolicies = [\"own\"]\n")
	}
	if maybe("match") {
		fmt.Fprintf(&w.text, "[[group]]\nmatch = \"t-{team}-{x}\"\npolicies = [\"twice\"]\n")
	}
	if maybe("user") {
		fmt.Fprintf(&w.text, "[[user]]\nsubject = \"u\"\npolicies = [%s]\n", Pick(w.T, "policies", grants))
	}
	if maybe("account") {
		fmt.Fprintf(&w.text, "[[account]]\nname = \"a\"\npolicies = [%s]\n", Pick(w.T, "policies", grants))
	}
	for _, name := range []string{"d1", "d2"} {
		if maybe("guard") {
			fmt.Fprintf(&w.text, "[[guard]]\nname = %q\npolicy = %q\n%sexcept_groups = [%s]\n", name, name, Pick(w.T, "issuer", []string{"", "", "issuer = \"two\"\n"}),
				Pick(w.T, "except", []string{"", `"g2"`, `"g1"`, `"eve","g1"`, `"team-bob"`}))
		}
	}
	return w.load(dir)
}

// load writes the text to a file and loads the file.
func (w *writer) load(dir string) *mapping.Mapping {
	path := filepath.Join(dir, "mapping.toml")
	if err := os.WriteFile(path, []byte(w.text.String()), 0o600); err != nil {
		w.Fatal(err)
	}
	m, found := mapping.Load(path)
	if m == nil {
		w.Fatalf("%v\n%s", found, w.text.String())
	}
	return m
}
