package invariant_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/internal/testsupport/anymapping"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/claimgate/claimgate/mapping/invariant"
)

// hundredInvariants returns 100 invariants about the mapping of anymapping.Large.
func hundredInvariants(tb testing.TB) []invariant.Invariant {
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
	m, list := anymapping.Large(b), hundredInvariants(b)
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
