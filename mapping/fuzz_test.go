package mapping

import (
	"io/fs"
	"os"
	"testing"

	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/mapping/policy"
)

// For all bytes, Load returns either errors or a mapping that can be asked. Every error has a place.
func FuzzLoad(f *testing.F) {
	example, err := os.ReadFile("../mapping.example.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example, []byte(deny), "minio-rw-reports")
	f.Add([]byte("version = 1\n"+guarded), []byte(team), "a, b")
	f.Add([]byte("version = 1\n"+aGroup+"[[policy]]\nname = \"p\"\nfile = \"p.json\"\n"), []byte(team), "g")
	f.Add([]byte("version = 1\n[[group]]\nmatch = \"{a}-{b}\"\npolicies = [\"p\"]\nexpires = 2027-01-01 10:00:00Z\n"), []byte("{}"), "a-b")
	f.Add([]byte("a = []\n[a.b]\n[[a]]\na.b.c = 1"), []byte("null"), "")
	f.Fuzz(func(t *testing.T, text, document []byte, group string) {
		l := newLoader("m.toml", func(path string) ([]byte, error) {
			switch path {
			case "m.toml":
				return text, nil
			case "p.json":
				return document, nil
			}
			return nil, fs.ErrNotExist
		}, now)
		m := l.load()
		if (m == nil) != finding.HasErrors(l.findings) {
			t.Fatalf("mapping %v with %v", m, l.findings)
		}
		for _, found := range l.findings {
			if !complete(found) {
				t.Errorf("no message, place, fix or code: %+v", found)
			}
		}
		if m == nil {
			return
		}
		// A group that no rule names and no pattern fits holds nothing.
		r := &policy.Request{Action: "s3:GetObject", Bucket: "b", Object: "o"}
		g := m.Principal(Principal{Groups: []string{group}, Claim: []string{group}}, now)
		g.Guard(r)
		if a := g.Evaluate(r); a.Allowed() && len(g.Rules()) == 0 {
			t.Errorf("allowed without a rule: %+v", a)
		}
		for _, rule := range g.Rules() {
			if rule.Line < 1 || rule.Kind == "" {
				t.Errorf("a rule without line or kind: %+v", rule)
			}
		}
	})
}
