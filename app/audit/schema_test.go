package audit_test

import (
	"bytes"
	"encoding/json"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/audit"
	"github.com/claimgate/claimgate/app/dialect/minio"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/verifier"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const schemaFile = "../../docs/audit.schema.json"

func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fits validates each line of a file with the schema, and returns the number of lines.
func fits(t *testing.T, s *jsonschema.Schema, file string) (n int) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%v\nin %s", err, line)
		}
		n++
	}
	return n
}

// fullest returns an entry with every member that a decision can have.
func fullest(t testing.TB, reason gateway.Reason) *audit.Entry {
	t.Helper()
	file := filepath.Join(t.TempDir(), "mapping.toml")
	if err := os.WriteFile(file, []byte("version = 1\n[claim]\nname = \"policy\"\nallow = [\"readonly\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m, found := mapping.Load(file)
	if m == nil {
		t.Fatal(found)
	}
	doc, err := strictjson.Parse([]byte(`{"conditions":{"SourceIp":["192.0.2.1"]},"claims":{"parent":"alice","sessionPolicy":"e30="}}`))
	if err != nil {
		t.Fatal(err)
	}
	e := entry(reason)
	if !reason.Allows() {
		e.Status = 503
	}
	e.Request = &gateway.Request{
		Server:  minio.Dialect.Server,
		Account: "K", Action: "s3:GetObject", Bucket: "b", Object: "o\x00\u2028\"", Owner: true, DenyOnly: true,
		Conditions: doc.Root().Get("conditions"), Claims: gateway.ClaimsOf(doc.Root().Get("claims")),
	}
	d := e.Decision
	d.Detail, d.Hint, d.Revision, d.Claim = "detail", "hint", m.Revision(), []string{"readonly", "root"}
	d.Identity = &verifier.Identity{Issuer: "authentik", Subject: "s", Username: "alice", Groups: []string{"g"}}
	d.Grants = m.Principal(mapping.Principal{Issuer: "authentik", Subject: "s", Claim: d.Claim}, time.Now())
	d.Answer = mapping.Answer{Rule: mapping.Rule{Name: "policy", Kind: "claim", File: file, Line: 4}, Policy: "readonly", Statement: 0, Sid: "Read"}
	return e
}

func TestLinesOfEveryReasonFitTheSchema(t *testing.T) {
	s := schema(t)
	for _, with := range [][]audit.Option{nil, {audit.Chained()}} {
		file := filepath.Join(t.TempDir(), "decisions.jsonl")
		l, err := audit.Open(file, "all", with...)
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		write := func(e *audit.Entry) {
			want++
			if err := l.Write(e); err != nil {
				t.Fatal(err)
			}
		}
		for _, reason := range gateway.Reasons() {
			write(entry(reason))
			write(fullest(t, reason))
			attested := fullest(t, reason)
			attested.Decision.Attested = true
			write(attested)
			write(&audit.Entry{Status: 200, Decision: &gateway.Decision{Reason: reason}})
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if got := fits(t, s, file); got != want {
			t.Errorf("%d lines, want %d", got, want)
		}
	}
}

// Lines of restarts, rotations and failures fit the schema.
func TestLinesOfTheLogItselfFitTheSchema(t *testing.T) {
	s := schema(t)
	file := filepath.Join(t.TempDir(), "decisions.jsonl")
	l := chained(t, file)
	write(t, l, 1)
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	restore := limitFileSize(t, uint64(info.Size()))
	_ = l.Write(entry(gateway.NoToken)) // this line is lost
	restore()
	write(t, l, 1)
	if err := os.Rename(file, file+".1"); err != nil {
		t.Fatal(err)
	}
	if err := l.Reopen(); err != nil {
		t.Fatal(err)
	}
	write(t, l, 1)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = chained(t, file)
	write(t, l, 1)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if n := fits(t, s, file+".1") + fits(t, s, file); n != 5 {
		t.Errorf("%d lines, want 5", n)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, member := range []string{`"opens":true`, `"after":"`} {
		if !bytes.Contains(text, []byte(member)) {
			t.Errorf("no line has %s", member)
		}
	}
}

func TestTheSchemaRefusesOtherLines(t *testing.T) {
	s := schema(t)
	l, file := open(t, "all")
	if err := l.Write(fullest(t, gateway.PolicyAllow)); err != nil {
		t.Fatal(err)
	}
	good := lines(t, file)[0]
	if err := s.Validate(any(good)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(map[string]any){
		"another member":               func(m map[string]any) { m["conditions"] = map[string]any{} },
		"a secret among what was read": func(m map[string]any) { m["read"] = map[string]any{"Authorization": []any{"x"}} },
		"no id":                        func(m map[string]any) { delete(m, "id") },
		"an id of another form":        func(m map[string]any) { m["id"] = "1" },
		"an unknown reason":            func(m map[string]any) { m["reason"] = "because" },
		"an allow for a deny's reason": func(m map[string]any) { m["reason"] = "no_token" },
		"a deny for an allow's reason": func(m map[string]any) { m["allow"] = false },
		"a local time":                 func(m map[string]any) { m["time"] = "2026-11-21T12:00:00+01:00" },
		"a whole token":                func(m map[string]any) { m["token"] = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln" },
		"half a chain":                 func(m map[string]any) { m["seq"] = 1.0 },
		"an event that decides":        func(m map[string]any) { m["event"] = "lost" },
		"groups that are a string":     func(m map[string]any) { m["groups"] = "admins" },
		"a negative duration":          func(m map[string]any) { m["duration_us"] = -1.0 },
	} {
		line := maps.Clone(good)
		change(line)
		if err := s.Validate(any(line)); err == nil {
			t.Errorf("%s fits the schema", name)
		}
	}
}

func TestTheSchemaAndItsDocumentationNameEveryMember(t *testing.T) {
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	type part struct{ Properties map[string]json.RawMessage }
	var s struct {
		Defs struct {
			Decision, Event, Chain part
			Reason                 struct{ Enum []string }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	var reasons []string
	for _, r := range gateway.Reasons() {
		reasons = append(reasons, string(r))
	}
	slices.Sort(reasons)
	slices.Sort(s.Defs.Reason.Enum)
	if diff := cmp.Diff(reasons, s.Defs.Reason.Enum); diff != "" {
		t.Errorf("the schema's reasons (-want +got):\n%s", diff)
	}
	for _, p := range []part{s.Defs.Decision, s.Defs.Event, s.Defs.Chain} {
		if len(p.Properties) < 5 {
			t.Errorf("only %d members", len(p.Properties))
		}
		wantDocumented(t, maps.Keys(p.Properties))
	}
}

// wantDocumented checks that docs/audit.md names each member.
func wantDocumented(t *testing.T, members iter.Seq[string]) {
	t.Helper()
	documented, err := os.ReadFile("../../docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	for member := range members {
		if !strings.Contains(string(documented), "`"+member+"`") {
			t.Errorf("docs/audit.md does not name %s", member)
		}
	}
}
