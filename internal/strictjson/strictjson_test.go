package strictjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAccepted(t *testing.T) {
	for _, c := range []struct {
		text string
		want any
	}{
		{`null`, nil},
		{`true`, true},
		{`false`, false},
		{` "a" `, "a"},
		{"\t\r\n0\n", json.Number("0")},
		{`-0`, json.Number("-0")},
		{`-12.50e+3`, json.Number("-12.50e+3")},
		{`1E-9`, json.Number("1E-9")},
		{`[]`, []any{}},
		{`[ ]`, []any{}},
		{`[1, "a" ,[true]]`, []any{json.Number("1"), "a", []any{true}}},
		{`{}`, map[string]any{}},
		{`{ }`, map[string]any{}},
		{`{"a":{"a":null} , "A":1}`, map[string]any{"a": map[string]any{"a": nil}, "A": json.Number("1")}},
		{`"\"\\\/\b\f\n\r\t\u0041\u00e9\u5c71\uD83D\uDE00é山😀"`, "\"\\/\b\f\n\r\tAé山😀é山😀"},
		{`"\u0000\ufffd` + "\ufffd" + `"`, "\x00\ufffd\ufffd"},
		{`{"\u0061":1,"b\n":2}`, map[string]any{"a": json.Number("1"), "b\n": json.Number("2")}},
		{strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth), nested(MaxDepth)},
	} {
		d, err := Parse([]byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if want, got := c.want, goValue(t, d.Root()); !reflect.DeepEqual(want, got) {
			t.Errorf("%s:\ngot  %#v\nwant %#v", c.text, got, want)
		}
	}
}

func nested(n int) any {
	v := []any{}
	for range n - 1 {
		v = []any{v}
	}
	return v
}

func TestRefused(t *testing.T) {
	manyTwice := manyMembers(50) + `,"\u006d7":0}`
	for _, c := range []struct {
		text   string
		offset int
		msg    string
	}{
		{``, 0, "there is no JSON value"},
		{" \n", 2, "there is no JSON value"},
		{`1 2`, 2, "there is text after the JSON value"},
		{`{}{}`, 2, "there is text after the JSON value"},
		{"null\x00", 4, "there is text after the JSON value"},
		{"\ufeffnull", 0, "a JSON value is expected"},
		{`nul`, 0, "a JSON value is expected"},
		{`nulL`, 0, "a JSON value is expected"},
		{`True`, 0, "a JSON value is expected"},
		{`fals`, 0, "a JSON value is expected"},
		{`tru`, 0, "a JSON value is expected"},
		{`'a'`, 0, "a JSON value is expected"},
		{`NaN`, 0, "a JSON value is expected"},
		{`+1`, 0, "a JSON value is expected"},
		{`.5`, 0, "a JSON value is expected"},
		{`-`, 1, "a digit is expected"},
		{`-a`, 1, "a digit is expected"},
		{`01`, 1, "there is text after the JSON value"},
		{`1.`, 2, "a digit is expected"},
		{`1.e1`, 2, "a digit is expected"},
		{`1e`, 2, "a digit is expected"},
		{`1e+`, 3, "a digit is expected"},
		{`1e309`, 0, "a number is beyond the range of a 64-bit float"},
		{`[1,-1.8E+308]`, 3, "a number is beyond the range of a 64-bit float"},
		{`{"a":{"b":1` + strings.Repeat("0", 309) + `}}`, 10, "a number is beyond the range of a 64-bit float"},
		{`[`, 1, "a JSON value is expected"},
		{`[1`, 2, "a comma or the end of the list is expected"},
		{`[1 2]`, 3, "a comma or the end of the list is expected"},
		{`[1,]`, 3, "a JSON value is expected"},
		{`{`, 1, "a member's name is expected"},
		{`{a:1}`, 1, "a member's name is expected"},
		{`{"a":1,}`, 7, "a member's name is expected"},
		{`{"a`, 3, "a string does not end"},
		{`{"a" 1}`, 5, "a colon is expected"},
		{`{"a":}`, 5, "a JSON value is expected"},
		{`{"a":1`, 6, "a comma or the end of the object is expected"},
		{`{"a":1 "b":2}`, 7, "a comma or the end of the object is expected"},
		{`"a`, 2, "a string does not end"},
		{`"\`, 1, "a string does not end"},
		{"\"a\nb\"", 2, "a control character must be escaped"},
		{`"\x41"`, 1, "there is no such escape"},
		{`"\u00g0"`, 1, `\u needs four hexadecimal digits`},
		{`"\u00`, 1, `\u needs four hexadecimal digits`},
		{`"\ud800"`, 1, "half a surrogate pair is no character"},
		{`"\ud800x12345"`, 1, "half a surrogate pair is no character"},
		{`"\ud800\n12345"`, 1, "half a surrogate pair is no character"},
		{`"\ud800\u0041"`, 1, "half a surrogate pair is no character"},
		{`"\ud800\uzzzz"`, 1, "half a surrogate pair is no character"},
		{`"\udc00\ud800"`, 1, "half a surrogate pair is no character"},
		{"\"\xff\"", 1, "the text is not valid UTF-8"},
		{"\"\xed\xa0\x80\"", 1, "the text is not valid UTF-8"},
		{"\"\xc0\x80\"", 1, "the text is not valid UTF-8"},
		{"\"\xe2\x82\"", 1, "the text is not valid UTF-8"},
		{`{"a":1,"a":1}`, 7, "an object has two members of one name"},
		{`{"a":1,"b":2,"\u0061":3}`, 13, "an object has two members of one name"},
		{`[{"x":{"a":1,"a":1}}]`, 13, "an object has two members of one name"},
		{manyTwice, len(manyTwice) - len(`"\u006d7":0}`), "an object has two members of one name"},
		{manyMembers(50) + `,"m7":0}`, len(manyMembers(50)) + 1, "an object has two members of one name"},
		{strings.Repeat("[", MaxDepth+1), MaxDepth, "values nest deeper than 64"},
		{strings.Repeat(`{"a":`, MaxDepth+1), MaxDepth * 5, "values nest deeper than 64"},
	} {
		d, err := Parse([]byte(c.text))
		var e *Error
		if !errors.As(err, &e) || d != nil {
			t.Errorf("%.80q: document %v, error %v", c.text, d, err)
			continue
		}
		if diff := cmp.Diff(Error{c.offset, c.msg}, *e); diff != "" {
			t.Errorf("%.80q (-want +got):\n%s", c.text, diff)
		}
		if got := e.Error(); got != fmt.Sprintf("%s (at byte %d)", c.msg, c.offset) {
			t.Errorf("%q", got)
		}
	}
}

// manyMembers returns an object with n members, without its closing brace.
func manyMembers(n int) string {
	text := `{"m0":0`
	for i := 1; i < n; i++ {
		text += fmt.Sprintf(`,"m%d":%d`, i, i)
	}
	return text
}

func TestManyMembers(t *testing.T) {
	for _, n := range []int{fewMembers - 1, fewMembers, fewMembers + 1, 1000} {
		for _, last := range []string{`"x"`, `"\u0078"`} {
			d, err := Parse([]byte(manyMembers(n) + `,` + last + `:"end"}`))
			if err != nil || d.Root().Len() != n+1 || !d.Root().Get("x").Is("end") {
				t.Errorf("%d members and %s: %v", n, last, err)
			}
		}
	}
}

// A text that is too long for the offsets is refused unread. Reading this memory would crash.
func TestTooLong(t *testing.T) {
	data, err := syscall.Mmap(-1, 0, maxInput+1, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Munmap(data); err != nil {
			t.Error(err)
		}
	}()
	if err := new(Document).Parse(data); err == nil {
		t.Error("a text of more than 1 GiB was accepted")
	}
}

// The methods of the zero Value, and of a Value of another kind than the method needs, return
// the same as for an absent member.
func TestAbsentValues(t *testing.T) {
	var none Value
	if none.Kind() != Missing || none.Raw() != nil || none.Offset() != 0 || none.Len() != 0 {
		t.Error("the zero Value is not absent")
	}
	d, err := Parse([]byte(`{"list":[1],"object":{"a":1},"string":"a","number":1,"null":null,"empty":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]Value{
		"zero": none, "list": d.Root().Get("list"), "object": d.Root().Get("object"), "string": d.Root().Get("string"),
		"number": d.Root().Get("number"), "null": d.Root().Get("null"), "absent": d.Root().Get("absent"), "empty": d.Root().Get("empty"),
	} {
		if name != "string" && (v.View() != "" || v.Text() != "" || v.Is("") || v.Is("a")) {
			t.Errorf("%s is taken for a string", name)
		}
		if _, ok := v.Int(); ok != (name == "number") {
			t.Errorf("%s: integer %v", name, ok)
		}
		if got := v.Get("a").Kind(); (got == Number) != (name == "object") {
			t.Errorf("%s: member a is %s", name, got)
		}
		for range v.Members() {
			if name != "object" {
				t.Errorf("%s has members", name)
			}
		}
		for range v.Elements() {
			if name != "list" {
				t.Errorf("%s has elements", name)
			}
		}
		if got := v.First().Kind(); (got == Number) != (name == "list") {
			t.Errorf("%s: its first element is %s", name, got)
		}
		if got, want := v.Len(), map[string]int{"list": 1, "object": 1}[name]; got != want {
			t.Errorf("%s has the length %d", name, got)
		}
	}
}

func TestKindsInASentence(t *testing.T) {
	d, err := Parse([]byte(`[null,true,false,1,"",[],{}]`))
	if err != nil {
		t.Fatal(err)
	}
	got := []string{Missing.String()}
	for v := range d.Root().Elements() {
		got = append(got, v.Kind().String())
	}
	if diff := cmp.Diff([]string{"nothing", "null", "true", "false", "a number", "a string", "a list", "an object"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestIntegers(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "-0": 0, "-7": -7, "9223372036854775807": 1<<63 - 1, "-9223372036854775808": -1 << 63} {
		d, _ := Parse([]byte(text))
		if got, ok := d.Root().Int(); !ok || got != want {
			t.Errorf("%s: %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{"1.0", "1e3", "1E3", "9223372036854775808", "-9223372036854775809", "1e300"} {
		d, _ := Parse([]byte(text))
		if got, ok := d.Root().Int(); ok {
			t.Errorf("%s is taken for the integer %d", text, got)
		}
	}
}

func TestLoopsMayEndEarly(t *testing.T) {
	d, err := Parse([]byte(`{"a":[1,2],"b":2}`))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range d.Root().Members() {
		n++
		break
	}
	for range d.Root().Get("a").Elements() {
		n++
		break
	}
	if n != 2 {
		t.Errorf("%d turns", n)
	}
}

// A reused document holds nothing of the earlier text.
func TestReuse(t *testing.T) {
	var d Document
	if d.Root().Kind() != Missing {
		t.Error("an unused document has a value")
	}
	for _, text := range []string{manyMembers(100) + "}", `{"a":1}`, `{"a":`, `[]`, `{"b":1,"b":2}`, manyMembers(40) + "}", `"x"`} {
		err := d.Parse([]byte(text))
		fresh, want := Parse([]byte(text))
		if fmt.Sprint(err) != fmt.Sprint(want) {
			t.Errorf("%.20s: %v, into a new document %v", text, err, want)
		}
		if err != nil {
			if d.Root().Kind() != Missing || d.data != nil {
				t.Errorf("%.20s: the document holds something after an error", text)
			}
			continue
		}
		if want, got := goValue(t, fresh.Root()), goValue(t, d.Root()); !reflect.DeepEqual(want, got) {
			t.Errorf("%.20s:\ngot  %#v\nwant %#v", text, got, want)
		}
	}
	d.Reset()
	if d.Root().Kind() != Missing || d.data != nil {
		t.Error("the document holds something after a reset")
	}
}

// View shares the memory of the input. Text does not.
func TestTextIsACopy(t *testing.T) {
	data := []byte(`["abc","\u0061bc"]`)
	d, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for v := range d.Root().Elements() {
		texts = append(texts, v.Text())
		if v.View() != "abc" || !v.Is("abc") || v.Is("ab") || v.Is("abcd") {
			t.Errorf("%s: %q", v.Raw(), v.View())
		}
	}
	for i := range data {
		data[i] = 'x'
	}
	if diff := cmp.Diff([]string{"abc", "abc"}, texts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPosition(t *testing.T) {
	const text = "{\n  \"é山\": 1,\r\n\t\"x\"}"
	for _, c := range []struct {
		offset, line, column int
	}{
		{0, 1, 1},
		{1, 1, 2},
		{2, 2, 1},
		{strings.Index(text, ":"), 2, 7},
		{strings.Index(text, "\t"), 3, 1},
		{len(text), 3, 6},
		{len(text) + 10, 3, 6},
	} {
		if line, column := Position([]byte(text), c.offset); line != c.line || column != c.column {
			t.Errorf("offset %d: %d:%d, want %d:%d", c.offset, line, column, c.line, c.column)
		}
	}
	d, err := Parse([]byte(text[:len(text)-1] + ":null}"))
	if err != nil {
		t.Fatal(err)
	}
	if line, column := Position([]byte(text), d.Root().Get("é山").Offset()); line != 2 || column != 9 {
		t.Errorf("the member stands at %d:%d", line, column)
	}
}

// In JSONTestSuite, texts named y_ must be accepted, n_ must be refused, and i_ may be
// either. Its two large files are made here.
func TestJSONTestSuite(t *testing.T) {
	data, err := os.ReadFile("testdata/JSONTestSuite.json")
	if err != nil {
		t.Fatal(err)
	}
	var suite struct{ Base64 map[string][]byte }
	if err := json.Unmarshal(data, &suite); err != nil {
		t.Fatal(err)
	}
	suite.Base64["n_structure_100000_opening_arrays"] = []byte(strings.Repeat("[", 100_000))
	suite.Base64["n_structure_open_array_object"] = []byte(strings.Repeat(`[{"":`, 50_000) + "\n")
	// These are valid by RFC 8259, which says that names should be unique, not that they must be.
	duplicates := map[string]bool{"y_object_duplicated_key": true, "y_object_duplicated_key_and_value": true}
	counts := make(map[byte]int)
	for name, text := range suite.Base64 {
		counts[name[0]]++
		_, err := Parse(text)
		switch {
		case name[0] == 'y' && (err != nil) != duplicates[name]:
			t.Errorf("%s: %v", name, err)
		case name[0] == 'n' && err == nil:
			t.Errorf("%s: accepted", name)
		case name[0] == 'i' && (err == nil) != shouldAccept(text):
			t.Errorf("%s: %v", name, err)
		}
	}
	if diff := cmp.Diff(map[byte]int{'y': 95, 'n': 188, 'i': 35}, counts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
