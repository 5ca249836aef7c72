package finding_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/claimgate/claimgate/internal/finding"
)

func TestStringNamesPlaceSeverityCodeAndFix(t *testing.T) {
	full := finding.Finding{
		Code: "M010", Severity: finding.Error, File: "mapping.toml", Line: 7, Column: 13,
		Message: `there is no policy "readwrit"`, Fix: `write "readwrite"`,
	}
	tests := []struct {
		name string
		cut  func(*finding.Finding)
		want string
	}{
		{"everything known", func(*finding.Finding) {}, `mapping.toml:7:13: error M010: there is no policy "readwrit"; write "readwrite"`},
		{"no column", func(f *finding.Finding) { f.Column = 0 }, `mapping.toml:7: error M010: there is no policy "readwrit"; write "readwrite"`},
		{"the whole file", func(f *finding.Finding) { f.Line, f.Column = 0, 9 }, `mapping.toml: error M010: there is no policy "readwrit"; write "readwrite"`},
		{"no file, no fix", func(f *finding.Finding) { f.File, f.Line, f.Fix = "", 0, "" }, `error M010: there is no policy "readwrit"`},
		{"a warning", func(f *finding.Finding) { f.Severity = finding.Warning }, `mapping.toml:7:13: warning M010: there is no policy "readwrit"; write "readwrite"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := full
			tt.cut(&f)
			if got := f.String(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestJSONHasTheSevenMembers(t *testing.T) {
	got, err := json.Marshal(finding.Finding{Code: "C001", Severity: finding.Warning, File: "f", Line: 1, Column: 2, Message: "m", Fix: "x"})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"code":"C001","severity":"warning","file":"f","line":1,"column":2,"message":"m","fix":"x"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestSortIsReadingOrder(t *testing.T) {
	at := func(file string, line, column int, code string) finding.Finding {
		return finding.Finding{File: file, Line: line, Column: column, Code: code}
	}
	got := []finding.Finding{
		at("b", 1, 1, "1"), at("a", 2, 1, "2"), at("a", 1, 9, "3"), at("a", 1, 9, "4"), at("a", 1, 2, "5"), at("a", 0, 0, "6"),
	}
	finding.Sort(got)
	want := []finding.Finding{
		at("a", 0, 0, "6"), at("a", 1, 2, "5"), at("a", 1, 9, "3"), at("a", 1, 9, "4"), at("a", 2, 1, "2"), at("b", 1, 1, "1"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyErrorsAreErrors(t *testing.T) {
	warning, failure := finding.Finding{Severity: finding.Warning}, finding.Finding{Severity: finding.Error}
	if finding.HasErrors(nil) || finding.HasErrors([]finding.Finding{warning}) {
		t.Error("HasErrors is true for a list without errors")
	}
	if !finding.HasErrors([]finding.Finding{warning, failure}) {
		t.Error("HasErrors is false for a list with an error")
	}
}
