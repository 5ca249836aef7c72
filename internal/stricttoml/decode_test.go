package stricttoml

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"
)

type common struct {
	Note string `toml:"note"`
}

type row struct {
	Name string   `toml:"name"`
	Tags []string `toml:"tags"`
	When Value    `toml:"when"`
	common
}

type document struct {
	Title  string        `toml:"title"`
	Count  int64         `toml:"count"`
	On     bool          `toml:"on"`
	Wait   time.Duration `toml:"wait"`
	Table  row           `toml:"table"`
	Rows   []row         `toml:"row"`
	Free   Value         `toml:"free"`
	hidden string        `toml:"hidden"`
	Other  string
}

func waits(field reflect.StructField, v Value, into reflect.Value) (bool, *Refusal) {
	if field.Type != reflect.TypeFor[time.Duration]() {
		return false, nil
	}
	if v.Kind != String {
		return true, &Refusal{WrongType: true, Message: "no duration", Fix: "write one"}
	}
	d, err := time.ParseDuration(v.Text)
	if err != nil {
		return true, &Refusal{Message: "bad duration", Fix: "write a good one"}
	}
	into.SetInt(int64(d))
	return true, nil
}

func decode(text string) (*document, *Source, []string) {
	d := &document{Other: "kept", hidden: ""}
	source, problems := Decode("f.toml", []byte(text), d, waits, func(r any) { r.(*row).Note = "default" })
	var list []string
	for _, p := range problems {
		list = append(list, fmt.Sprintf("%d:%d %d %s", p.At.Line, p.At.Column, p.Fault, p.Message))
	}
	return d, source, list
}

func TestEverythingIsReadWithItsPlace(t *testing.T) {
	d, source, problems := decode(strings.Join([]string{
		`title = "täglich" # comment`, // 1
		`count = 0x1_F`,               // 2
		`on = true`,                   // 3
		`wait = "5s"`,                 // 4
		`free = { a = 1 }`,            // 5
		`  [ table ]`,                 // 6
		`note = 'own'`,                // 7
		`"name" = """`,                // 8
		`x"""`,                        // 9
		`[[row]]`,                     // 10
		`name = "ä"`,                  // 11
		`tags = ["ü", "b",`,           // 12
		`  "c"]`,                      // 13
		`[[row]]`,                     // 14
		`when = 2027-03-31`,           // 15
		`note = "n"`,                  // 16
	}, "\n"))
	if problems != nil {
		t.Fatal(problems)
	}
	when := Value{Kind: LocalDate, Text: "2027-03-31", Raw: "2027-03-31", At: Position{"f.toml", 15, 8}}
	want := &document{
		Title: "täglich", Count: 31, On: true, Wait: 5 * time.Second, Other: "kept",
		Free:  Value{Kind: Table, At: Position{"f.toml", 5, 1}},
		Table: row{Name: "x", common: common{Note: "own"}},
		Rows: []row{
			{Name: "ä", Tags: []string{"ü", "b", "c"}, common: common{Note: "default"}},
			{When: when, common: common{Note: "n"}},
		},
	}
	if diff := cmp.Diff(want, d, cmp.AllowUnexported(document{}, row{})); diff != "" {
		t.Fatal(diff)
	}
	for _, place := range []struct {
		field     any
		at, keyAt string
	}{
		{&d.Title, "1:9", "1:1"},
		{&d.Count, "2:9", "2:1"},
		{&d.Wait, "4:8", "4:1"},
		{&d.Table, "6:3", "6:3"},
		{&d.Table.Note, "7:8", "7:1"},
		{&d.Table.Name, "8:10", "8:1"},
		{&d.Rows, "10:1", "10:3"},
		{&d.Rows[0], "10:1", "10:1"},
		{&d.Rows[0].Tags, "12:1", "12:1"},
		{&d.Rows[0].Tags[1], "12:14", "12:14"},
		{&d.Rows[0].Tags[2], "13:3", "13:3"},
		{&d.Rows[1], "14:1", "14:1"},
		{&d.Rows[1].When, "15:8", "15:1"},
		{&d.Rows[1].Name, "0:0", "0:0"},
		{&d.Other, "0:0", "0:0"},
	} {
		at, keyAt := source.At(place.field), source.KeyAt(place.field)
		if got := fmt.Sprintf("%d:%d", at.Line, at.Column); got != place.at {
			t.Errorf("%v stands at %s, want %s", reflect.ValueOf(place.field).Elem(), got, place.at)
		}
		if got := fmt.Sprintf("%d:%d", keyAt.Line, keyAt.Column); got != place.keyAt {
			t.Errorf("the key of %v stands at %s, want %s", reflect.ValueOf(place.field).Elem(), got, place.keyAt)
		}
		if at.File != "f.toml" || source.Has(place.field) != (at.Line > 0) {
			t.Errorf("%v: %+v", place, at)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a key in another case", "Title = 'x'", `1:1 2 unknown key "Title" at the top of the file`},
		{"a field without a tag", "Other = 'x'", `1:1 2 unknown key "Other" at the top of the file`},
		{"a field that is not exported", "hidden = 'x'", `1:1 2 unknown key "hidden" at the top of the file`},
		{"an empty key", "'' = 1", `1:1 2 unknown key "" at the top of the file`},
		{"a table nobody knows", "[ tabel ]\nx = 1", `1:1 2 unknown key "tabel" at the top of the file`},
		{"a key of a row", "[[row]]\n[[row]]\n  nam = 1", `3:3 2 unknown key "nam" in [row]`},
		{"a key below a key", "title.x = 1", `1:1 3 title must be a string, not a table`},
		{"a row that is a string", "row = ['x']", `1:8 3 row must be a table, not a string`},
		{"rows that are a string", "row = 'x'", `1:7 3 row must be a list, not a string`},
		{"rows in a table", "[row]", `1:1 3 row is a list of tables, not one table`},
		{"a table in rows", "[[table]]", `1:1 3 table is one table, not a list of tables`},
		{"a table that is a list", "table = []", `1:1 3 table must be a table, not a list`},
		{"a float", "count = 1.5", `1:9 3 count must be an integer, not a float`},
		{"a date-time", "title = 2027-01-01T00:00:00Z", `1:9 3 title must be a string, not a date-time`},
		{"a local date-time", "title = 2027-01-01T00:00:00", `1:9 3 title must be a string, not a local date-time`},
		{"a time", "title = 10:00:00", `1:9 3 title must be a string, not a time of day`},
		{"a converter's wrong type", "wait = 5", `1:8 3 wait: no duration`},
		{"a converter's bad value", "wait = 'x'", `1:8 4 wait: bad duration`},
		{"too large a number", "count = 99999999999999999999", `1:9 1 not TOML: `},
		{"a key twice", "title = 'a'\ntitle = 'b'", `2:1 1 not TOML: `},
		{"a table twice", "[table]\n[table]", `2:2 1 not TOML: `},
		{"an error after a letter of two bytes", "title = 'ä' x", `1:13 1 not TOML: `},
		{"two byte order marks", "\ufeff\ufefftitle = 'a'", `1:1 1 the file starts with two byte order marks`},
		{"UTF-16", "\xff\xfet\x00", `1:1 1 the file is UTF-16, not UTF-8`},
		{"no UTF-8", "title = 'ä'\n# \xff", `2:3 1 the file is not valid UTF-8`},
		{"a tower of lists", "free = " + strings.Repeat("[", 20_000), `1:10008 1 not TOML: `},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, got := decode(tt.text)
			if len(got) != 1 || !strings.HasPrefix(got[0], tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if _, _, got := decode("x = 1\ny = 2\n[z]\n[[row]]\nname = 1\ntags = 1"); len(got) != 5 {
		t.Errorf("not all problems are reported: %q", got)
	}
}

func TestTimes(t *testing.T) {
	for text, want := range map[string]string{
		"2027-03-31":                "2027-04-01T00:00:00Z",
		"2027-12-31":                "2028-01-01T00:00:00Z",
		"2027-03-31T10:00:00":       "2027-03-31T10:00:00Z",
		"2027-03-31 10:00:00.5":     "2027-03-31T10:00:00.5Z",
		"2027-03-31T10:00:00Z":      "2027-03-31T10:00:00Z",
		"2027-03-31 10:00:00z":      "2027-03-31T10:00:00Z",
		"2027-03-31t10:00:00+02:00": "2027-03-31T08:00:00Z",
		"10:00:00":                  "",
		"'2027-03-31'":              "",
		"1":                         "",
	} {
		d, _, problems := decode("free = " + text)
		if problems != nil {
			t.Errorf("%s: %v", text, problems)
			continue
		}
		got, ok := d.Free.Time()
		if ok != (want != "") || ok && got.Format(time.RFC3339Nano) != want {
			t.Errorf("%s means %v %v, want %s", text, got, ok, want)
		}
	}
	for _, v := range []Value{{Kind: LocalDate, Text: "x"}, {Kind: LocalDateTime, Text: "x"}, {Kind: DateTime, Text: "x"}, {}} {
		if got, ok := v.Time(); ok {
			t.Errorf("%+v means %v", v, got)
		}
	}
}

func TestManyKeysInOneTable(t *testing.T) {
	var text strings.Builder
	text.WriteString("[free]\n")
	for i := range 2_000 {
		fmt.Fprintf(&text, "k%d.x = 1\nk%d.y = 2\n", i, i)
	}
	if _, _, problems := decode(text.String()); problems != nil {
		t.Error(problems[0])
	}
}

func TestAFieldThatCannotBeReadIsAMistakeInTheProgram(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a field of an unsupported type did not panic")
		}
	}()
	Decode("f", []byte("x = 1"), &struct {
		X float32 `toml:"x"`
	}{}, nil, nil)
}

func TestKindsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for k := Invalid; k <= Table; k++ {
		seen[k.String()] = true
	}
	if len(seen) != int(Table)+1 {
		t.Errorf("two kinds share a name: %v", seen)
	}
}

// Decode refuses every document that go-toml refuses, reads the same values as go-toml, and
// never panics.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"title = 'x'\n[[row]]\nname = 'a'\n[row.when]\nx = 1", "a = []\n[a.b]", "[[a]]\n[a.b]\n[[a.c]]\n[a.c.d]", "a.b.c = 1\na.b.d = {x.y = 2}",
		"free = [[1, 2], ['a'], {b = 1}]", "free = 1979-05-27 07:32:00Z", "[a]\n[a.b.c]\n[a.b]", "[[row]]\n[row.x]\n[[row]]",
		"on = true\ncount = +1_000", "\"a\\u00e4\" = 1", "'' = {}", "free = nan", "title = \"\"\"\\\n  x\"\"\"",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, source, problems := decode(text)
		var all map[string]any
		err := toml.Unmarshal([]byte(text), &all)
		refused := len(problems) == 1 && strings.Contains(problems[0], " 1 ")
		if err != nil && !refused {
			t.Fatalf("go-toml refuses a document that Decode accepts: %v", err)
		}
		if err != nil {
			return // nothing to compare
		}
		if title, ok := all["title"].(string); ok && d.Title != title {
			t.Errorf("title is %q, want %q", d.Title, title)
		}
		if count, ok := all["count"].(int64); ok && d.Count != count {
			t.Errorf("count is %d, want %d", d.Count, count)
		}
		if rows, ok := all["row"].([]any); ok && len(d.Rows) != len(rows) {
			t.Errorf("%d rows, want %d", len(d.Rows), len(rows))
		}
		if _, ok := all["free"]; ok != source.Has(&d.Free) {
			t.Error("Decode and go-toml disagree whether free is present")
		}
	})
}
