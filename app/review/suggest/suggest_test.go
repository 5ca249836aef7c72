package suggest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/review/replay"
	"github.com/claimgate/claimgate/app/review/suggest"
	"github.com/claimgate/claimgate/internal/testsupport/anymapping"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
	"pgregory.net/rapid"
)

var now = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)

type world map[string][]string

func (w world) Values(key string) []string { return w[key] }

type question struct{ action, bucket, object, ip string }

func (q *question) allowed(m *mapping.Mapping, group string) bool {
	g := m.Principal(mapping.Principal{Issuer: "two", Subject: "bob", Groups: []string{group}}, now)
	r := &policy.Request{Action: q.action, Bucket: q.bucket, Object: q.object, Context: world{"jwt:sub": {"bob"}, "aws:SourceIp": {q.ip}}}
	return g.Evaluate(r).Allowed()
}

func (q *question) line(group string) string {
	text, _ := json.Marshal(map[string]any{
		"time": "2026-11-21T12:00:00Z", "id": "1", "allow": true, "reason": "policy_allow", "action": q.action, "bucket": q.bucket, "object": q.object,
		"account": "KEY", "source": q.ip, "issuer": "two", "sub": "bob", "groups": []string{group}, "read": map[string]any{"aws:username": nil, "claim:dept": nil},
	})
	return string(text) + "\n"
}

func draw(t *rapid.T) (q question) {
	defer func() {
		if !strings.HasPrefix(q.action, "s3:") {
			q.object = ""
		}
	}()
	return question{
		anymapping.Pick(t, "action", []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:GetBucketPolicy", "s3:GetObjectVersion", "kms:CreateKey", "admin:ServerInfo"}),
		anymapping.Pick(t, "bucket", []string{"bob", "bobby", "cat", "zoo"}), anymapping.Pick(t, "object", []string{"", "x", "secret/x", "bob/x", "bob/q/x", "xx", "k*/x"}),
		anymapping.Pick(t, "ip", []string{"10.1.1.1", "192.0.2.1"}),
	}
}

// A suggestion allows everything that the log needed, and nothing that the present policy does not allow.
func TestASuggestionIsEnoughAndNoWider(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		drawn := anymapping.Draw(t, dir, false)
		text := drawn.Text[:strings.Index(drawn.Text, "[[policy]]")]
		text = strings.Replace(text, "[claim]\nallow = [\"readonly\", \"p1\"]\n", "", 1)
		for part := range strings.SplitSeq(drawn.Text, "[[policy]]\n") { // only the policies
			if strings.HasPrefix(part, `name = "p`) {
				text += "[[policy]]\n" + strings.SplitAfter(part, "}'''\n")[0]
			}
		}
		text += "[[group]]\nname = \"g\"\npolicies = [\"p1\", \"p2\"]\n"
		load := func(text string) *mapping.Mapping {
			file := filepath.Join(dir, "m.toml")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			m, found := mapping.Load(file)
			if m == nil {
				t.Fatalf("%v\n%s", found, text)
			}
			return m
		}
		today := load(text)
		var log bytes.Buffer
		var asked []question
		for range 8 {
			if q := draw(t); q.allowed(today, "g") {
				asked = append(asked, q)
				log.WriteString(q.line("g"))
			}
		}
		if len(asked) == 0 {
			return
		}
		found, err := replay.Run(&log, replay.Options{Mapping: today, Now: now, Uses: true, Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		narrow, names := text[:strings.Index(text, "[[group]]")], []string{}
		for _, s := range suggest.Of(today, found, time.Time{}) {
			if s.Unused != (s.Document == nil) {
				t.Fatalf("%+v", s)
			}
			if s.Unused {
				continue
			}
			doc, err := json.Marshal(s.Document)
			if err != nil {
				t.Fatal(err)
			}
			narrow += fmt.Sprintf("[[policy]]\nname = %q\ndocument = '''%s'''\n", s.Policy+"-used", doc)
			names = append(names, fmt.Sprintf("%q", s.Policy+"-used"))
		}
		after := load(narrow + "[[group]]\nname = \"g\"\npolicies = [" + strings.Join(names, ",") + "]\n")
		for _, q := range asked {
			if !q.allowed(after, "g") {
				t.Fatalf("%+v was needed, and is not allowed any more\n%s\n%s", q, text, narrow)
			}
		}
		each := load(narrow + text[strings.Index(text, "[[group]]"):] + "[[group]]\nname = \"p1\"\npolicies = [\"p1\"]\n[[group]]\nname = \"p2\"\npolicies = [\"p2\"]\n" +
			"[[group]]\nname = \"p1-used\"\npolicies = [" + oneOf(names, "p1") + "]\n[[group]]\nname = \"p2-used\"\npolicies = [" + oneOf(names, "p2") + "]\n")
		for range 30 {
			q := draw(t)
			for _, name := range []string{"p1", "p2"} {
				if oneOf(names, name) != `"readonly"` && q.allowed(each, name+"-used") && !q.allowed(each, name) {
					t.Fatalf("%+v is allowed by the suggestion for %s alone\n%s\n%s", q, name, text, narrow)
				}
			}
		}
	})
}

// Together allows for each policy what the suggestions of Of for all its rules allow together. The format toml prints
// Together, and the formats text and json print Of.
func TestTheFormatsAgree(t *testing.T) {
	dir := t.TempDir()
	load := func(t *rapid.T, text string) *mapping.Mapping {
		file := filepath.Join(dir, "m.toml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		m, found := mapping.Load(file)
		if m == nil {
			t.Fatalf("%v\n%s", found, text)
		}
		return m
	}
	rapid.Check(t, func(t *rapid.T) {
		text, names := "version = 1\n", []string{"wide", "variable", "not"}
		rules := anymapping.Pick(t, "rules", []int{1, 2, 3, 25})
		for i := range rules {
			text += fmt.Sprintf("[[group]]\nname = \"g%d\"\npolicies = [%q, %q]\n", i, anymapping.Pick(t, "policy", names[:2]), "not")
		}
		text += `[[policy]]
name = "wide"
document = '''{"Statement":[
  {"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:ListBucket"],"Resource":["arn:aws:s3:::bob","arn:aws:s3:::bob/*","arn:aws:s3:::cat/q/*"]},
  {"Effect":"Allow","Action":["s3:GetObjectVersion","s3:DeleteObject"],"Resource":"arn:aws:s3:::bob/*"},
  {"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::bob/secret/*"}]}'''
[[policy]]
name = "variable"
document = '''{"Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":["arn:aws:s3:::bob/${jwt:sub}/*","arn:aws:s3:::bob/0/*","arn:aws:s3:::cat/*"]}]}'''
[[policy]]
name = "not"
document = '''{"Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"NotResource":["arn:aws:s3:::bob/*","arn:aws:s3:::cat/0*/x"]}]}'''
`
		today := load(t, text)
		elements := anymapping.Pick(t, "elements", []int{1, 5, 30})
		drawn := func() question {
			q := draw(t)
			if strings.HasPrefix(q.action, "s3:") && rapid.Bool().Draw(t, "many") {
				q.object = fmt.Sprint(rapid.IntRange(0, elements).Draw(t, "element"), anymapping.Pick(t, "below", []string{"", "/x", "/x"}))
			}
			return q
		}
		var log bytes.Buffer
		for range rapid.IntRange(1, 150).Draw(t, "lines") {
			q, group := drawn(), fmt.Sprintf("g%d", rapid.IntRange(0, rules-1).Draw(t, "group"))
			if q.allowed(today, group) {
				log.WriteString(q.line(group))
			}
		}
		found, err := replay.Run(&log, replay.Options{Mapping: today, Now: now, Uses: true, Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		narrow := "version = 1\n[[group]]\nname = \"nobody\"\npolicies = [\"readonly\"]\n"
		write := func(name string, d *suggest.Document) string {
			doc, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			narrow += fmt.Sprintf("[[policy]]\nname = %q\ndocument = '''%s'''\n", name, doc)
			return fmt.Sprintf("%q", name)
		}
		each := suggest.Of(today, found, time.Time{})
		var compared []string
		for _, all := range suggest.Together(today, found, time.Time{}) {
			used, last, policies := 0, "", []string{}
			for i, s := range each {
				if s.Policy == all.Policy && !s.Unused {
					used, last = used+s.Used, max(last, s.LastUsed)
					policies = append(policies, write(fmt.Sprintf("%s-%d", s.Policy, i), s.Document))
				}
			}
			if all.Unused != (len(policies) == 0) || all.Used != used || all.LastUsed != last {
				t.Fatalf("together %+v, and the rules: used %d times, last on %s", all, used, last)
			}
			if !all.Unused {
				narrow += fmt.Sprintf("[[group]]\nname = \"%s-all\"\npolicies = [%s]\n[[group]]\nname = \"%s-each\"\npolicies = [%s]\n",
					all.Policy, write(all.Policy+"-all", all.Document), all.Policy, strings.Join(policies, ","))
				compared = append(compared, all.Policy)
			}
		}
		after := load(t, narrow)
		for range 60 {
			q := drawn()
			for _, name := range compared {
				if one, many := q.allowed(after, name+"-all"), q.allowed(after, name+"-each"); one != many {
					t.Fatalf("%+v: allowed by %s together %v, by its rules %v\n%s\n%s", q, name, one, many, text, narrow)
				}
			}
		}
	})
}

// The whole bucket takes the place of the first elements of one rule if these are more than 20, however many rules use
// the same element.
func TestTheFirstElementsOfARuleCount(t *testing.T) {
	var text, same, many strings.Builder
	text.WriteString("version = 1\n")
	for i := range 21 {
		fmt.Fprintf(&text, "[[group]]\nname = \"g%d\"\npolicies = [\"p\"]\n", i)
		same.WriteString((&question{"s3:GetObject", "b", "reports/x", "10.1.1.1"}).line(fmt.Sprintf("g%d", i)))
		many.WriteString((&question{"s3:GetObject", "b", fmt.Sprintf("e%d/x", i), "10.1.1.1"}).line("g0"))
	}
	text.WriteString("[[policy]]\nname = \"p\"\ndocument = '''{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::b/*\"}]}'''\n")
	file := filepath.Join(t.TempDir(), "m.toml")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	m, found := mapping.Load(file)
	if m == nil {
		t.Fatal(found)
	}
	for log, want := range map[string]string{same.String(): "arn:aws:s3:::b/reports/*", many.String(): "arn:aws:s3:::b/*"} {
		r, err := replay.Run(strings.NewReader(log), replay.Options{Mapping: m, Now: now, Uses: true, Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		for name, d := range map[string]*suggest.Document{"Of": suggest.Of(m, r, time.Time{})[0].Document, "Together": suggest.Together(m, r, time.Time{})[0].Document} {
			if got := d.Statement[0].Resource; len(got) != 1 || got[0] != want {
				t.Errorf("%s: %q, want %s", name, got, want)
			}
		}
	}
}

// oneOf returns the quoted name of the suggestion for a policy, or of a canned policy if there is no suggestion.
func oneOf(names []string, name string) string {
	for _, n := range names {
		if n == fmt.Sprintf("%q", name+"-used") {
			return n
		}
	}
	return `"readonly"`
}

// A condition may stand beside NotAction or s3:* that no policy may have beside the action that was used. The suggestion
// then keeps the actions, so that a mapping accepts it.
func TestASuggestionIsAPolicyThatAMappingAccepts(t *testing.T) {
	for _, actions := range []string{`"NotAction":["s3:PutObject"]`, `"Action":["s3:*"]`} {
		m := anymapping.Load(t, `version = 1
[[policy]]
name = "p"
document = '''{"Statement":[{"Effect":"Allow",`+actions+`,"Resource":["arn:aws:s3:::bob/*"],"Condition":{"StringNotEquals":{"s3:object-lock-mode":"GOVERNANCE"}}}]}'''
[[group]]
name = "g"
policies = ["p"]
`)
		q := question{"s3:GetObject", "bob", "x/y", "10.1.1.1"}
		found, err := replay.Run(strings.NewReader(q.line("g")), replay.Options{Mapping: m, Now: now, Uses: true, Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(suggest.Of(m, found, time.Time{})[0].Document)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := policy.Parse("p", text, policy.Source{}); err != nil || !strings.Contains(string(text), `"arn:aws:s3:::bob/x/*"`) {
			t.Errorf("%v in %s", err, text)
		}
	}
}
