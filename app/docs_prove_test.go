package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/app/review/proof"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/invariant"
)

// block returns the text of a file that the guide shows.
func block(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n```toml "+name+"\n")
	body, _, closed := strings.Cut(rest, "\n```\n")
	if !found || !closed {
		t.Fatalf("%s has no file %s", guide, name)
	}
	return body + "\n"
}

// Each invariant of the guide holds for the guide's mapping, and is violated after a change that breaks the
// invariant.
func TestEachInvariantOfTheGuideCanBreak(t *testing.T) {
	company, invariants := block(t, "company.toml"), block(t, "company.invariants.toml")
	now := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	prove := func(text string) map[string]invariant.Result {
		file := filepath.Join(t.TempDir(), "company.toml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		m, found := mapping.Load(file)
		if m == nil {
			t.Fatalf("%v\n%s", found, text)
		}
		list, err := invariant.Parse("company.invariants.toml", []byte(invariants))
		if err != nil {
			t.Fatal(err)
		}
		results, err := proof.Of(t.Context(), offline.Options{Mapping: m, Now: func() time.Time { return now }}, list, nil)
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]invariant.Result{}
		for _, r := range results {
			all[r.Name] = r
		}
		return all
	}
	granted := func(group, policy string) [2]string {
		return [2]string{"[[policy]]", "[[group]]\nname = \"" + group + "\"\npolicies = [\"" + policy + "\"]\n\n[[policy]]"}
	}
	changes := map[string][2]string{ // a text of the mapping, and its replacement
		"only break-glass deletes backups, or shortens their life": {`"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"], "Resource": ["arn:aws:s3:::backups/*"]`, `"s3:DeleteObjectVersion"], "Resource": ["arn:aws:s3:::backups/*"]`},
		"no bucket becomes public":                                 {`policy = "no-publishing"`, "policy = \"no-publishing\"\nexcept_groups = [\"web\"]"},
		"the migration is for contractors alone":                   granted("interns", "migration"),
		"EU data is read by EU staff":                              {`arn:aws:s3:::migration/*`, `arn:aws:s3:::*migration/*`},
		"four eyes on policies: on-call alone changes none":        {`except_groups = ["break-glass"]`, `except_groups = ["break-glass", "platform-oncall"]`},
		"robots write, and nobody takes back what they wrote":      {`"Action": ["s3:PutObject"], "Resource": ["arn:aws:s3:::ingest/*"]`, `"Action": ["s3:*Object"], "Resource": ["arn:aws:s3:::ingest/*"]`},
		"nobody but on-call is root":                               granted("interns", "diagnostics"),
		"a team stays out of the other buckets":                    {"arn:aws:s3:::team-${group:team}/*", "arn:aws:s3:::${group:team}/*"},
		"nobody uses the keys of KMS":                              {`{"Statement": [{"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": ["arn:aws:s3:::ingest/*"]}`, `{"Statement": [{"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": ["arn:aws:s3:::ingest/*"]}, {"Effect": "Allow", "Action": ["kms:ListKeys"]}`},
		"on-call can read everything":                              {`"Action": ["s3:PutBucketPolicy"]`, `"Action": ["s3:PutBucketPolicy", "s3:ListBucket"]`},
		"the backup of tonight can be written":                     {"owner    = \"platform@example.com\"\n\n[[policy]]", "owner    = \"platform@example.com\"\nexpires = 2026-06-30\n\n[[policy]]"},
	}
	sound := prove(company)
	if len(sound) < 10 || len(sound) != len(changes) {
		t.Fatalf("%d invariants, %d changes", len(sound), len(changes))
	}
	for name, change := range changes {
		if r := sound[name]; r.Verdict != invariant.Holds {
			t.Errorf("%s: %v %s", name, r.Verdict, r.Why)
		}
		text := strings.Replace(company, change[0], change[1], 1)
		if text == company {
			t.Fatalf("%s: the guide's mapping does not hold %q", name, change[0])
		}
		if r := prove(text)[name]; r.Verdict != invariant.Violated {
			t.Errorf("%s is not violated after the change: %v %s", name, r.Verdict, r.Why)
		}
	}
}
