package mapping

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/wait"
	"pgregory.net/rapid"
)

// A pattern matches exactly the names that can be split in one way, and captures the texts of that way. The
// test compares match with a list of all ways.
func TestPatternsMatchInOneWayOnly(t *testing.T) {
	alphabet := rapid.StringOfN(rapid.SampledFrom([]rune("ab-./1")), 0, 9, -1)
	rapid.Check(t, func(t *rapid.T) {
		literals := rapid.SliceOfN(rapid.SampledFrom([]string{"-", "/", "a", "a-", "."}), 0, 2).Draw(t, "between")
		p := &pattern{literals: []string{rapid.SampledFrom([]string{"", "a", "a-"}).Draw(t, "first")}}
		for i := range len(literals) + 1 {
			p.captures = append(p.captures, []string{"bucket", "x", "y"}[i])
			if i < len(literals) {
				p.literals = append(p.literals, literals[i])
			}
		}
		p.literals = append(p.literals, rapid.SampledFrom([]string{"", "b", "/"}).Draw(t, "last"))
		name := alphabet.Draw(t, "name")

		all := allMatches(p, name)
		got, ok := p.match(name)
		if ok != (len(all) == 1) || ok && !slices.Equal(got, all[0]) {
			t.Fatalf("%q by %q: got %q %v, all ways %q", name, p.literals, got, ok, all)
		}
	})
}

func allMatches(p *pattern, name string) [][]string {
	rest, ok := strings.CutPrefix(name, p.literals[0])
	if !ok {
		return nil
	}
	if len(p.captures) == 0 {
		if rest == "" {
			return [][]string{nil}
		}
		return nil
	}
	var all [][]string
	for n := 1; n <= len(rest); n++ {
		text := rest[:n]
		if !isCapture(text) || p.captures[0] == "bucket" && !legalBucket(text) {
			continue
		}
		for _, way := range allMatches(&pattern{literals: p.literals[1:], captures: p.captures[1:]}, rest[n:]) {
			all = append(all, append([]string{text}, way...))
		}
	}
	return all
}

func TestLongNamesMatchNoPattern(t *testing.T) {
	p, _, _ := parsePattern("{a}-{b}-{c}-{d}")
	illegal, _, _ := parsePattern("{a}-{b}-{c}-{bucket}")
	took := wait.Shortest(5*time.Second, func() {
		for _, name := range []string{strings.Repeat("-", maxMatched), strings.Repeat("a", maxMatched+1), strings.Repeat("a-", 120)} {
			if _, ok := p.match(name); ok {
				t.Errorf("%d bytes matched", len(name))
			}
		}
		if _, ok := illegal.match(strings.Repeat("-", maxMatched)); ok {
			t.Error("no bucket is called -")
		}
	})
	if took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	if got, ok := p.match(strings.Repeat("a", 200) + "-b-c-d"); !ok || len(got[0]) != 200 {
		t.Error("a long capture did not match")
	}
}

func TestLegalBuckets(t *testing.T) {
	for name, want := range map[string]bool{
		"abc": true, "a-b": true, "a.b": true, "0ab": true, strings.Repeat("a", 63): true, "10.0.0": true, "mini": true,
		"": false, "ab": false, strings.Repeat("a", 64): false, "Abc": false, "a_b": false, "-ab": false, "ab-": false, ".ab": false,
		"ab.": false, "a..b": false, "a.-b": false, "a-.b": false, "192.168.0.1": false, "a/b": false, "a*b": false, "äbc": false, "minio": false,
	} {
		if legalBucket(name) != want {
			t.Errorf("%q: legal is %v", name, !want)
		}
	}
}
