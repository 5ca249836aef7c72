package console_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/claimgate/claimgate"
	"github.com/claimgate/claimgate/app/review/explain"
	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/internal/testsupport/anymapping"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/lint"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// loadOwn writes a random mapping, or an example, to the console's file, and loads that file as the commands do.
func (p *page) loadOwn(rt *rapid.T, dir string) *mapping.Mapping {
	text := anymapping.Pick(rt, "example", []string{"", "", "", "", "", "", string(claimgate.ExampleMapping), company})
	if text == "" {
		text = anymapping.Draw(rt, dir, false).Text
	}
	p.write("mapping.toml", text+fmt.Sprintf("# %d\n", rapid.IntRange(0, 1<<30).Draw(rt, "stamp")))
	m, found := mapping.Load(p.path("mapping.toml"))
	if m == nil {
		rt.Fatal(found)
	}
	return m
}

// Explain and `claimgate explain` give the same explanation.
func TestExplainSaysWhatTheCommandSays(t *testing.T) {
	dir, p := t.TempDir(), open(t, company)
	rapid.Check(t, func(rt *rapid.T) {
		m := p.loadOwn(rt, dir)
		gate, err := offline.New(offline.Options{Mapping: m, Now: func() time.Time { return now }})
		if err != nil {
			rt.Fatal(err)
		}
		defer gate.Close()
		q := &offline.Question{
			Subject: anymapping.Pick(rt, "subject", []string{"bob", "u", "cat"}), Groups: anymapping.Some(rt, "group", anymapping.Groups(), 0, 3),
			Action: anymapping.Pick(rt, "action", []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "admin:ServerInfo"}),
			Bucket: anymapping.Pick(rt, "bucket", []string{"bob", "cat", "zoo"}), Object: anymapping.Pick(rt, "object", []string{"", "x", "secret/x"}),
			Claims: map[string]any{}, Conditions: map[string][]string{"SourceIp": {anymapping.Pick(rt, "address", []string{"10.1.1.1", "192.0.2.1", "2001:db8::1"})}},
		}
		form := url.Values{
			"sub": {q.Subject}, "group": q.Groups, "action": {q.Action}, "bucket": {q.Bucket}, "object": {q.Object}, "condition": {"SourceIp=" + q.Conditions["SourceIp"][0]},
		}
		if rapid.Bool().Draw(rt, "an account") {
			q.Account, q.Subject, q.Groups = "a", "", nil
			form.Del("sub")
			form.Del("group")
			form.Set("account", "a")
		}
		want, err := gate.ExplainQuestion(t.Context(), q)
		if err != nil {
			rt.Fatal(err)
		}
		var got struct {
			Explanation explain.Explanation `json:"explanation"`
		}
		if err := json.Unmarshal([]byte(p.get("/api/explain?"+form.Encode())), &got); err != nil {
			rt.Fatal(err)
		}
		if d := cmp.Diff(throughJSON(rt, want), got.Explanation); d != "" {
			rt.Fatal(d)
		}
	})
}

// Overview and `claimgate check` give the same findings.
func TestOverviewSaysWhatCheckSays(t *testing.T) {
	dir, p := t.TempDir(), open(t, company)
	rapid.Check(t, func(rt *rapid.T) {
		m := p.loadOwn(rt, dir)
		_, found := mapping.Load(p.path("mapping.toml"))
		want := append([]finding.Finding{}, found...)
		want = append(want, lint.Check(m)...)
		finding.Sort(want)
		var got struct {
			Revision string            `json:"revision"`
			Rules    int               `json:"rules"`
			Guards   int               `json:"guards"`
			Findings []finding.Finding `json:"findings"`
		}
		if err := json.Unmarshal([]byte(p.get("/api/")), &got); err != nil {
			rt.Fatal(err)
		}
		if got.Revision != m.Revision() || got.Rules != len(m.Rules()) || got.Guards != len(m.Guards()) {
			rt.Fatalf("%+v", got)
		}
		if d := cmp.Diff(throughJSON(rt, want), got.Findings); d != "" {
			rt.Fatal(d)
		}
	})
}

// throughJSON encodes v as JSON and decodes it again.
func throughJSON[T any](rt *rapid.T, v T) (out T) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		rt.Fatal(err)
	}
	return out
}
