package invariant_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/claimgate/claimgate/mapping/invariant"
)

// large writes a mapping of 10,000 rules and 1,000 policies, as a company of many teams has them.
func large(tb testing.TB) *mapping.Mapping {
	tb.Helper()
	var b strings.Builder
	b.WriteString("version = 1\n[claim]\nallow = [\"readonly\"]\n[[group]]\nname = \"break-glass\"\npolicies = [\"consoleAdmin\"]\n")
	for i := range 1000 {
		doc := fmt.Sprintf(`{"Effect":"Allow","Action":["s3:Get*","s3:PutObject","s3:ListBucket"],"Resource":["arn:aws:s3:::team-%d","arn:aws:s3:::team-%d/*"]}`, i, i)
		switch i % 10 {
		case 1:
			doc += fmt.Sprintf(`,{"Effect":"Allow","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::team-%d/tmp/*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}`, i)
		case 2:
			doc += fmt.Sprintf(`,{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::team-%d/closed/*"}`, i)
		case 3:
			doc = `{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::home/${jwt:sub}/*"]}`
		case 4:
			doc = fmt.Sprintf(`{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::dept-%d-${group:team}/*"]}`, i)
		}
		fmt.Fprintf(&b, "[[policy]]\nname = \"p%d\"\ndocument = '''{\"Statement\":[%s]}'''\n", i, doc)
	}
	b.WriteString("[[policy]]\nname = \"keep\"\ndocument = '''{\"Statement\":[{\"Effect\":\"Deny\",\"Action\":[\"s3:DeleteObject\",\"s3:DeleteObjectVersion\"],\"Resource\":[\"arn:aws:s3:::team-*\"]}]}'''\n")
	b.WriteString("[[guard]]\nname = \"keep\"\npolicy = \"keep\"\nexcept_groups = [\"break-glass\"]\n")
	for i := range 10_000 {
		switch {
		case i%10 == 4:
			fmt.Fprintf(&b, "[[group]]\nmatch = \"dept-%d-{team}\"\npolicies = [\"p%d\"]\n", i, i%1000/10*10+4)
		case i%50 == 9:
			fmt.Fprintf(&b, "[[user]]\nsubject = \"u%d\"\npolicies = [\"p%d\"]\n", i, i%1000)
		case i%50 == 19:
			fmt.Fprintf(&b, "[[account]]\nname = \"a%d\"\npolicies = [\"p%d\"]\n", i, i%1000)
		default:
			policy := i % 1000
			if policy%10 == 4 {
				policy++
			}
			fmt.Fprintf(&b, "[[group]]\nname = \"g%d\"\npolicies = [\"p%d\"]\n", i, policy)
		}
	}
	file := filepath.Join(tb.TempDir(), "mapping.toml")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		tb.Fatal(err)
	}
	m, found := mapping.Load(file)
	if m == nil {
		tb.Fatal(found)
	}
	return m
}

func hundred(tb testing.TB) []invariant.Invariant {
	tb.Helper()
	var b strings.Builder
	for i := range 100 {
		switch i % 4 {
		case 0:
			fmt.Fprintf(&b, "[[never]]\nname = \"%d\"\nactions = [\"s3:DeleteObject\"]\nresources = [\"arn:aws:s3:::team-%d/*\"]\nexcept = [\"group:break-glass\"]\n", i, i)
		case 1:
			fmt.Fprintf(&b, "[[never]]\nname = \"%d\"\nactions = [\"s3:Put*\", \"s3:Delete*\"]\nresources = [\"arn:aws:s3:::payroll-%d/*\"]\nexcept = [\"group:break-glass\"]\n", i, i)
		case 2:
			fmt.Fprintf(&b, "[[always]]\nname = \"%d\"\nprincipal = \"group:g%d\"\nactions = [\"s3:GetObject\"]\nresources = [\"arn:aws:s3:::team-%d/*\"]\n", i, i, i)
		case 3:
			fmt.Fprintf(&b, "[[never]]\nname = \"%d\"\nactions = [\"s3:*\"]\nresources = [\"arn:aws:s3:::*\"]\nexcept = [\"group:g%d\"]\n", i, i)
		}
	}
	list, err := invariant.Parse("large.toml", []byte(b.String()))
	if err != nil {
		tb.Fatal(err)
	}
	return list
}

// BenchmarkLarge proves 100 invariants over 10,000 rules and 1,000 policies. docs/performance.md has the
// goals.
func BenchmarkLarge(b *testing.B) {
	m, list := large(b), hundred(b)
	b.Run("prove", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			results, err := invariant.Prove(invariant.Options{Mapping: m, Judge: judge(m), Now: now}, list)
			if err != nil {
				b.Fatal(err)
			}
			for _, r := range results {
				if r.Verdict == invariant.Undecided {
					b.Fatal(r.Name, r.Why)
				}
			}
		}
	})
	b.Run("who-can", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if len(access.WhoCan(m, []string{"s3:GetObject"}, "team-7/*", now)) == 0 {
				b.Fatal("nobody can")
			}
		}
	})
	b.Run("who-can-anything", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if len(access.WhoCan(m, access.Matching("s3:*"), "", now)) == 0 {
				b.Fatal("nobody can")
			}
		}
	})
	b.Run("can", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			g := m.Principal(mapping.Principal{Subject: "u", Groups: []string{"g1", "g2", "break-glass"}}, now)
			if len(access.Can(g, "", func(string) string { return "" })) == 0 {
				b.Fatal("nothing")
			}
		}
	})
}
