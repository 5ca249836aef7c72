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

// oneOf returns the quoted name of the suggestion for a policy, or of a canned policy if there is no suggestion.
func oneOf(names []string, name string) string {
	for _, n := range names {
		if n == fmt.Sprintf("%q", name+"-used") {
			return n
		}
	}
	return `"readonly"`
}
