package oracle

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// cases returns the number of cases to compare: ORACLE_CASES, or 50,000.
func cases(t *testing.T) int {
	text := os.Getenv("ORACLE_CASES")
	if text == "" {
		return 50_000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("ORACLE_CASES is %q: write a number", text)
	}
	return n
}

// seed returns the first seed: ORACLE_SEED, or always the same, so that a failure can be repeated.
func seed(t *testing.T) uint64 {
	text := os.Getenv("ORACLE_SEED")
	if text == "" {
		return 1
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("ORACLE_SEED is %q: write a number", text)
	}
	return n
}

// verdict is the result of comparing one case.
type verdict struct {
	problem string   // a disagreement outside the named differences, or empty
	loaded  bool     // both engines load the documents
	allowed bool     // claimgate allows the request
	flipped []string // the named differences that explain different answers
}

func compare(c testCase) verdict {
	mine, mineErr := claimgateAllows(c)
	original, theirErr := minioAllowsOrPanics(c)
	switch {
	case mineErr == nil && theirErr != nil && namesUnlisted(c):
		return verdict{flipped: []string{"D12"}}
	case mineErr == nil && theirErr != nil:
		return verdict{problem: fmt.Sprintf("loads here, MinIO refuses it: %v", theirErr)}
	case mineErr != nil && theirErr == nil:
		if name := stricter(c); name != "" {
			return verdict{flipped: []string{name}}
		}
		return verdict{problem: fmt.Sprintf("loads in MinIO, refused here: %v", mineErr)}
	case mineErr != nil:
		return verdict{}
	}
	n := adjust(c)
	if n.skip != "" {
		v := verdict{loaded: true, allowed: mine}
		if original != mine {
			v.flipped = []string{n.skip}
		}
		return v
	}
	expected, err := minioAllows(n.testCase)
	if err != nil {
		return verdict{problem: fmt.Sprintf("MinIO refuses the adjusted case: %v\n%v", err, n.testCase)}
	}
	v := verdict{loaded: true, allowed: mine}
	if expected != mine {
		v.problem = fmt.Sprintf("claimgate %t, MinIO %t, MinIO without %v %t", mine, original, n.applied, expected)
	}
	if original != mine {
		v.flipped = n.applied
	}
	return v
}

// minioAllowsOrPanics counts a panic of MinIO's engine as a denial. The engine panics on an empty list (D11).
func minioAllowsOrPanics(c testCase) (allowed bool, err error) {
	defer func() {
		if recover() != nil {
			allowed = false
		}
	}()
	return minioAllows(c)
}

func TestEnginesAgree(t *testing.T) {
	total, first := cases(t), seed(t)
	coverage := newCoverage()
	flips := map[string]int{}
	loaded, allowed := 0, 0
	const requests = 8 // for each set of documents
	var g generator
	var documents testCase
	for i := range total {
		if i%requests == 0 {
			g = newGenerator(first + uint64(i))
			documents = g.documents()
		}
		c := g.request(documents)
		v := compare(c)
		if v.problem != "" {
			report(t, c)
			return
		}
		if v.loaded {
			loaded++
			coverage.add(c)
		}
		if v.allowed {
			allowed++
		}
		for _, name := range v.flipped {
			flips[name]++
		}
	}
	t.Logf("%d cases, %d loaded by both engines, %d allowed, no disagreement outside the named differences", total, loaded, allowed)
	for _, name := range slices.Sorted(maps.Keys(flips)) {
		t.Logf("answers that differ by %s: %d", name, flips[name])
	}
	if total >= 20_000 {
		coverage.check(t)
	}
}

// report minimizes a failing case, prints it and stores it under testdata/regressions.
func report(t *testing.T, c testCase) {
	c = shrink(c, func(c testCase) bool { return compare(c).problem != "" })
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join("testdata", "regressions", fmt.Sprintf("%x.json", sha256.Sum256(text))[:16]+".json")
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Fatalf("%s\n%vkept as %s", compare(c).problem, c, name)
}

// TestRegressions replays the stored cases, which failed once.
func TestRegressions(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "regressions", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("there are no regression files: is the directory still testdata/regressions?")
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var c testCase
		if err := json.Unmarshal(text, &c); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if v := compare(c); v.problem != "" {
			t.Errorf("%s: %s\n%v", name, v.problem, c)
		}
	}
}
