package mapping

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUnreadableMapping(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "big.toml")
	if err := os.WriteFile(big, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(big, maxFile+1); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none.toml"): "there is no such file",
		dir:                             "is a directory",
		big:                             "larger than 16 MiB",
	} {
		m, findings := Load(path)
		if m != nil || len(findings) != 1 || findings[0].Code != codeUnreadable || !strings.Contains(findings[0].Message, want) {
			t.Errorf("%s: %v", path, findings)
		}
	}
	if got := reason(errors.New("odd")); got != "odd" {
		t.Error(got)
	}
}

func TestPolicyFilesAreFoundBesideTheMapping(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	absolute := write("elsewhere/abs.json", deny)
	write("m/policies/rel.json", deny)
	path := write("m/mapping.toml", "version = 1\n"+aGroup+
		"[[policy]]\nname = \"one\"\nfile = \"policies/rel.json\"\n"+
		"[[policy]]\nname = \"two\"\nfile = \"policies/rel.json\"\n"+
		"[[policy]]\nname = \"three\"\nfile = \""+absolute+"\"\n")
	m, findings := Load(path)
	if m == nil {
		t.Fatal(findings)
	}
	want := []string{path, filepath.Join(dir, "m/policies/rel.json"), absolute}
	if diff := cmp.Diff(want, m.Files()); diff != "" {
		t.Error(diff)
	}
	if err := os.Remove(absolute); err != nil {
		t.Fatal(err)
	}
	if m, _ := Load(path); m != nil {
		t.Error("loaded without one of its files")
	}
	if diff := cmp.Diff(want, Files(path)); diff != "" {
		t.Errorf("files to watch while the mapping is broken: %s", diff)
	}
	if diff := cmp.Diff([]string{"nowhere"}, Files("nowhere")); diff != "" {
		t.Error(diff)
	}
}

func TestRevisionIsThatOfNamesAndContents(t *testing.T) {
	text := aGroup + "[[policy]]\nname = \"one\"\nfile = \"a.json\"\n[[policy]]\nname = \"two\"\nfile = \"b.json\"\n"
	spaced := deny + " "
	base := mustLoad(t, text, "a.json", deny, "b.json", spaced)
	if got := base.Revision(); len(got) != 64 || strings.Trim(got, "0123456789abcdef") != "" {
		t.Errorf("revision %q", got)
	}
	if again := mustLoad(t, text, "a.json", deny, "b.json", spaced); again.Revision() != base.Revision() {
		t.Error("equal files, different revisions")
	}
	swapped := strings.NewReplacer("a.json", "b.json", "b.json", "a.json").Replace(text)
	for name, other := range map[string]*Mapping{
		"a comment in the mapping":     mustLoad(t, text+"#", "a.json", deny, "b.json", spaced),
		"a blank in a policy":          mustLoad(t, text, "a.json", spaced, "b.json", spaced),
		"a blank moved between files":  mustLoad(t, text, "a.json", spaced, "b.json", deny),
		"files named in another order": mustLoad(t, swapped, "a.json", deny, "b.json", spaced),
	} {
		if other.Revision() == base.Revision() {
			t.Errorf("%s: the revision stayed", name)
		}
	}
	// The revision changes if a byte moves from a name to a content, or from one file to another.
	one := func(name, data string) content { return content{name: name, data: []byte(data)} }
	distinct := map[string]int{}
	for i, files := range [][]content{
		{one("", "ab")},
		{one("", "a"), one("b", "")},
		{one("", "a"), one("", "b")},
		{one("a", "b")},
		{one("ab", "")},
		{one("b", "a")},
		{one("c", "b")},
		{one("", "ab"), one("", "")},
	} {
		r := revision(files)
		if other, taken := distinct[r]; taken {
			t.Errorf("files %d have the revision of files %d", i, other)
		}
		distinct[r] = i
	}
	// The revision does not depend on the directory.
	dirs := []string{t.TempDir(), t.TempDir()}
	var revisions []string
	for _, dir := range dirs {
		for name, content := range map[string]string{"mapping.toml": "version = 1\n" + text, "a.json": deny, "b.json": spaced} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		m, findings := Load(filepath.Join(dir, "mapping.toml"))
		if m == nil {
			t.Fatal(findings)
		}
		revisions = append(revisions, m.Revision())
	}
	if revisions[0] != revisions[1] || revisions[0] != base.Revision() {
		t.Errorf("the revision depends on the directory: %v", revisions)
	}
}
