package strictjson

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strconv"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// goValue returns a value as encoding/json would return it, and checks that the methods of
// Value agree with each other.
func goValue(t testing.TB, v Value) any {
	t.Helper()
	switch v.Kind() {
	case Null:
		return nil
	case True, False:
		return v.Kind() == True
	case Number:
		n, ok := v.Int()
		if want, err := strconv.ParseInt(string(v.Raw()), 10, 64); ok != (err == nil) || n != want && ok {
			t.Errorf("%s is the integer %d, %v", v.Raw(), n, ok)
		}
		return json.Number(v.Raw())
	case String:
		if v.Text() != v.View() || !v.Is(v.Text()) || v.Is(v.Text()+"x") {
			t.Errorf("text %q, view %q", v.Text(), v.View())
		}
		return v.Text()
	case Array:
		list := make([]any, 0, v.Len())
		for _, kind := range []Kind{Null, String, Array} {
			all := true
			for e := range v.Elements() {
				all = all && e.Kind() == kind
			}
			if v.ListOf(kind) != all {
				t.Errorf("%s is a list of %s: %v", v.Raw(), kind, !all)
			}
		}
		for e := range v.Elements() {
			if len(list) == 0 && !bytes.Equal(e.Raw(), v.First().Raw()) {
				t.Errorf("the first element is %s and %s", e.Raw(), v.First().Raw())
			}
			list = append(list, goValue(t, e))
		}
		if len(list) != v.Len() {
			t.Errorf("%d elements, the length is %d", len(list), v.Len())
		}
		return list
	case Object:
		object := make(map[string]any, v.Len())
		for name, member := range v.Members() {
			if got := v.Get(name.Text()); got != member {
				t.Errorf("the member %q is at %d and %d", name.Text(), member.Offset(), got.Offset())
			}
			object[name.Text()] = goValue(t, member)
		}
		if len(object) != v.Len() {
			t.Errorf("%d members, the length is %d", len(object), v.Len())
		}
		return object
	case Missing:
	}
	t.Error("a value of a document is missing")
	return nil
}

// encodingJSON returns the value that encoding/json reads. ok is false if encoding/json refuses the text.
func encodingJSON(data []byte) (v any, ok bool) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil, false
	}
	_, err := d.Token()
	return v, err == io.EOF
}

// shouldAccept reports by other means whether Parse should accept a text: encoding/json
// accepts it, also if it reads every number as a float, it is UTF-8 without half surrogates,
// it does not nest too deep, and no object has two members with the same name.
func shouldAccept(data []byte) bool {
	var floats any
	if json.Unmarshal(data, &floats) != nil {
		return false
	}
	if _, ok := encodingJSON(data); !ok || !utf8.Valid(data) || halfSurrogate(data) {
		return false
	}
	return unique(json.NewDecoder(bytes.NewReader(data)), 0)
}

// halfSurrogate reports whether an escape is half of a surrogate pair. data is valid JSON,
// so a backslash is always in a string.
func halfSurrogate(data []byte) bool {
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		if i++; data[i] != 'u' {
			continue
		}
		r, _ := strconv.ParseUint(string(data[i+1:i+5]), 16, 32)
		i += 4
		if !utf16.IsSurrogate(rune(r)) {
			continue
		}
		if len(data) < i+7 || data[i+1] != '\\' || data[i+2] != 'u' {
			return true
		}
		low, _ := strconv.ParseUint(string(data[i+3:i+7]), 16, 32)
		if utf16.DecodeRune(rune(r), rune(low)) == utf8.RuneError {
			return true
		}
		i += 6
	}
	return false
}

// unique reads one value of a decoder. It returns false if an object has two members with
// the same name, or if the value nests too deep.
func unique(d *json.Decoder, depth int) bool {
	d.UseNumber()
	token, err := d.Token()
	if err != nil {
		return false
	}
	start, ok := token.(json.Delim)
	if !ok {
		return true
	}
	if depth == MaxDepth {
		return false
	}
	names := make(map[string]bool)
	for d.More() {
		if start == '{' {
			name, err := d.Token()
			if err != nil || names[name.(string)] {
				return false
			}
			names[name.(string)] = true
		}
		if !unique(d, depth+1) {
			return false
		}
	}
	_, err = d.Token()
	return err == nil
}

// Parse accepts exactly the texts that shouldAccept accepts, and reads them as encoding/json
// does.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		``, `null`, `{"a":[1,-2.5e3,"\u00e9\ud83d\ude00",{"b":null}],"A":true}`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, "\"\xff\"", `"\ud800"`,
		`[[[[[[]]]]]]`, `01`, `1e308`, `[-1e309]`, `1e-400`, `{"a":1,}`, ` [ 1 , 2 ] `, manyMembers(40) + "}", manyMembers(40) + `,"m3":1}`,
	} {
		f.Add([]byte(text))
	}
	var again Document
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Parse(data)
		if want := shouldAccept(data); (err == nil) != want {
			t.Fatalf("error %v, explained otherwise: %v", err, want)
		}
		if err2 := again.Parse(data); (err == nil) != (err2 == nil) {
			t.Fatalf("into a document used before: %v, into a new one: %v", err2, err)
		}
		if err != nil {
			return
		}
		theirs, _ := encodingJSON(data)
		if want, got := theirs, goValue(t, d.Root()); !reflect.DeepEqual(want, got) {
			t.Errorf("encoding/json reads something else:\ngot  %#v\nwant %#v", got, want)
		}
		if want, got := theirs, goValue(t, again.Root()); !reflect.DeepEqual(want, got) {
			t.Errorf("into a document used before:\ngot  %#v\nwant %#v", got, want)
		}
	})
}

// A value that encoding/json writes is read back unchanged.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		value := anyValue(3).Draw(r, "value")
		text, err := json.Marshal(value)
		if err != nil {
			r.Fatal(err)
		}
		if rapid.Bool().Draw(r, "indented") {
			var b bytes.Buffer
			if err := json.Indent(&b, text, "\t", "  "); err != nil {
				r.Fatal(err)
			}
			text = b.Bytes()
		}
		d, err := Parse(text)
		if err != nil {
			r.Fatalf("%s: %v", text, err)
		}
		if want, got := value, goValue(t, d.Root()); !reflect.DeepEqual(want, got) {
			r.Fatalf("got  %#v\nwant %#v", got, want)
		}
	})
}

func anyValue(depth int) *rapid.Generator[any] {
	kinds := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.String().AsAny(),
		rapid.Map(rapid.Int64(), func(n int64) any { return json.Number(strconv.FormatInt(n, 10)) }),
	}
	if depth > 0 {
		kinds = append(kinds,
			rapid.Map(rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[any] { return anyValue(depth - 1) }), 0, 3), func(l []any) any { return l }),
			rapid.Map(rapid.MapOfN(rapid.String(), rapid.Deferred(func() *rapid.Generator[any] { return anyValue(depth - 1) }), 0, 3),
				func(m map[string]any) any { return m }))
	}
	return rapid.OneOf(kinds...)
}
