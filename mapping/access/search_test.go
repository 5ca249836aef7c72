package access

import (
	"strings"
	"testing"

	"github.com/claimgate/claimgate/mapping/policy"
	"pgregory.net/rapid"
)

// A term is never empty if a resource matches it for some text of the captures. meet and minus are exact. An
// error would hide a gain. The test tries every short resource and every short capture.
func TestTermsAgreeWithMatch(t *testing.T) {
	made := Placeholders{"QQQ", "WWW"}
	resources := words("ab/", 5)
	values := words("ab", 2)
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string, least, most int) (globs []Pattern, texts []string) {
			for range rapid.IntRange(least, most).Draw(t, label) {
				text := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "/", "*", "?", "QQQ", "QQQ", "WWW"}), 1, 5).Draw(t, label), "")
				globs, texts = append(globs, made.Parse(text)), append(texts, text)
			}
			return globs, texts
		}
		in, inTexts := draw("in", 1, 3)
		except, exceptTexts := draw("except", 0, 2)
		single := Term{In: in, Except: except}
		with, withTexts := draw("with", 1, 1)
		met := Term{In: in, Except: except}.meet(with[0])
		left := single.minus(NewRegion(with, nil, ""))
		for _, q := range values {
			for _, w := range values {
				fits := func(texts []string, resource string) (all, some bool) {
					all = true
					for _, text := range texts {
						text = strings.NewReplacer("QQQ", q, "WWW", w).Replace(text)
						fit := policy.Match(text, resource) || text+"/" == resource && !strings.ContainsAny(text, "*?/")
						all, some = all && fit, some || fit
					}
					return all, some
				}
				for _, r := range resources {
					all, _ := fits(inTexts, r)
					_, none := fits(exceptTexts, r)
					if !all || none {
						continue
					}
					if single.Empty() {
						t.Fatalf("%v without %v holds %q where the captures are %q and %q, and counts as empty", inTexts, exceptTexts, r, q, w)
					}
					also, _ := fits(withTexts, r)
					if also != (len(met) > 0 && holds(made, met, r, q, w)) {
						t.Fatalf("%v without %v and %v: %q with captures %q and %q is in what they have in common: %v", inTexts, exceptTexts, withTexts, r, q, w, !also)
					}
					if also == holds(made, left, r, q, w) {
						t.Fatalf("%v without %v minus %v: %q with captures %q and %q is left: %v", inTexts, exceptTexts, withTexts, r, q, w, also)
					}
				}
			}
		}
	})
}

// holds returns true if a term holds the resource. It matches the printed texts of the patterns.
func holds(made Placeholders, terms []Term, resource, q, w string) bool {
	fits := func(g Pattern) bool {
		text := strings.NewReplacer("QQQ", q, "WWW", w).Replace(made.Text(g))
		return policy.Match(text, resource) || text+"/" == resource && !strings.ContainsAny(text, "*?/")
	}
	for _, t := range Pruned(terms) {
		if t.Empty() {
			continue
		}
		in := true
		for _, g := range t.In {
			in = in && fits(g)
		}
		for _, g := range t.Except {
			in = in && !fits(g)
		}
		if in {
			return true
		}
	}
	return false
}

// words returns all texts of the letters up to a length. If the letters have a slash, only resources are
// returned: texts with a slash that is not first.
func words(letters string, most int) []string {
	all, last := []string{}, []string{""}
	for range most {
		var next []string
		for _, w := range last {
			for _, c := range letters {
				next = append(next, w+string(c))
			}
		}
		for _, w := range next {
			if !strings.Contains(letters, "/") || strings.Contains(w, "/") && w[0] != '/' {
				all = append(all, w)
			}
		}
		last = next
	}
	return all
}
