package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/claimgate/claimgate/internal/fixtures"
	"pgregory.net/rapid"
)

// sameAs checks that a text has the same nodes, or the same error, with a pattern and without.
func sameAs(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, pattern, text []byte,
) {
	t.Helper()
	from, err := Parse(pattern)
	if err != nil {
		return
	}
	plain, like := new(Document), new(Document)
	want := plain.Parse(text)
	if got := like.ParseLike(text, from.Pattern()); fmt.Sprint(want) != fmt.Sprint(got) {
		t.Fatalf("pattern %s\ntext    %s\nerror %v, without the pattern %v", pattern, text, got, want)
	}
	if !slices.Equal(plain.nodes, like.nodes) {
		n := 0
		for n < min(len(plain.nodes), len(like.nodes)) && plain.nodes[n] == like.nodes[n] {
			n++
		}
		t.Fatalf("pattern %s\ntext    %s\n%d nodes, without the pattern %d; that at %d is another", pattern, text, len(like.nodes), len(plain.nodes), n)
	}
	if like.Resembled() && !sameForm(from, like) {
		t.Fatalf("pattern %s\ntext    %s\nresembles it", pattern, text)
	}
	if bytes.Equal(pattern, text) && !like.Resembled() {
		t.Fatalf("pattern %s\ndoes not resemble itself", pattern)
	}
}

// sameForm reports whether two documents have the same structure, the same kinds and the same names.
func sameForm(d, e *Document) bool {
	if !slices.EqualFunc(d.nodes, e.nodes, func(n, m node) bool { return n.kind == m.kind && n.count == m.count && n.next == m.next }) {
		return false
	}
	for i := range d.nodes {
		object := Value{d, int32(i)}
		for name := range object.Members() {
			if other := (Value{e, name.i}); other.View() != name.View() {
				return false
			}
		}
	}
	return true
}

// changed returns a text that resembles the given text. Pieces are inserted, deleted, doubled
// and moved, at any place or where tokens begin.
func changed(r *rapid.T, text []byte) []byte {
	text = bytes.Clone(text)
	at := func(label string) int {
		if tokens := starts(text); len(tokens) > 0 && rapid.Bool().Draw(r, "a token") {
			return rapid.SampledFrom(tokens).Draw(r, label)
		}
		return rapid.IntRange(0, len(text)).Draw(r, label)
	}
	for range rapid.IntRange(0, 3).Draw(r, "changes") {
		from, to := at("from"), at("to")
		from, to = min(from, to), max(from, to)
		switch rapid.IntRange(0, 4).Draw(r, "change") {
		case 0:
			text = slices.Insert(text, from, []byte(rapid.SampledFrom([]string{
				`"`, `\`, `{`, `}`, `[`, `]`, `,`, `:`, ` `, `1`, `""`, `"a":1,`, `,"a":1`, `{}`, `[]`, `[[`, `]]`, `null,`, "\xff", `\u0061`, "\n",
			}).Draw(r, "piece"))...)
		case 1:
			text = slices.Delete(text, from, to)
		case 2:
			text = slices.Insert(text, to, bytes.Clone(text[from:to])...)
		case 3:
			if from < len(text) {
				text[from] = rapid.SampledFrom([]byte(`"{}[],:ab01 tfn\-`)).Draw(r, "byte")
			}
		case 4:
			piece := bytes.Clone(text[from:to])
			text = slices.Delete(text, from, to)
			text = slices.Insert(text, rapid.IntRange(0, len(text)).Draw(r, "elsewhere"), piece...)
		}
	}
	return text
}

// starts returns the positions of the punctuation of a text.
func starts(text []byte) []int {
	var at []int
	for i, c := range text {
		if bytes.IndexByte([]byte(`"{}[],:`), c) >= 0 {
			at = append(at, i)
		}
	}
	return at
}

// fewNames draws values whose objects use few names, so that a changed name is often a
// duplicate.
func fewNames(depth int) *rapid.Generator[any] {
	kinds := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.IntRange(-20, 20).AsAny(),
		rapid.SampledFrom([]string{"", "a", "ab", "é", "a\"b", "long enough for words of eight bytes"}).AsAny(),
	}
	if depth > 0 {
		inner := rapid.Deferred(func() *rapid.Generator[any] { return fewNames(depth - 1) })
		kinds = append(kinds, rapid.SliceOfN(inner, 0, 4).AsAny(),
			rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "ab", "b\\", "conditions", "conditionz"}), inner, 0, 5).AsAny())
	}
	return rapid.OneOf(kinds...)
}

// No pattern changes the reading of a text.
func TestAPatternChangesNoReading(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		pattern, err := json.Marshal(fewNames(4).Draw(r, "pattern"))
		if err != nil {
			r.Fatal(err)
		}
		sameAs(r, pattern, changed(r, pattern))
		other, err := json.Marshal(fewNames(4).Draw(r, "other"))
		if err != nil {
			r.Fatal(err)
		}
		sameAs(r, pattern, other)
	})
}

// The same for MinIO's requests: each recorded request with each as its pattern, and changed
// requests.
func TestAPatternChangesNoReadingOfRequests(t *testing.T) {
	calls := fixtures.Calls(t)[1:]
	for _, p := range calls {
		for _, c := range calls {
			sameAs(t, p.Body, c.Body)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		pattern := rapid.SampledFrom(calls).Draw(r, "pattern").Body
		sameAs(r, pattern, changed(r, rapid.SampledFrom(calls).Draw(r, "request").Body))
		sameAs(r, pattern, changed(r, pattern))
	})
}

// A duplicate name is found even if everything else is as in the pattern.
func TestAPatternHidesNoDuplicateName(t *testing.T) {
	for pattern, text := range map[string]string{
		`{"a":1,"b":2}`:               `{"a":1,"a":2}`,
		`{"a":1,"bb":2}`:              `{"a":1,"a":2}`,
		`{"a":{"b":1},"c":2,"d":3}`:   `{"a":{"b":1},"c":2,"a":3}`,
		`{"a":[{"b":1,"c":1}],"d":1}`: `{"a":[{"b":1,"b":1}],"d":1}`,
		`{"a":1}`:                     `{"a":1,"a":1}`,
		`{"a":{"a":1},"b":1}`:         `{"a":{"a":1},"a":1}`,
		`{"a":1,"b":[1],"c":1}`:       `{"a":1,"b":[2],"a":1}`,
	} {
		from, err := Parse([]byte(pattern))
		if err != nil {
			t.Fatal(err)
		}
		if new(Document).ParseLike([]byte(text), from.Pattern()) == nil {
			t.Errorf("after %s, %s is accepted", pattern, text)
		}
		sameAs(t, []byte(pattern), []byte(text))
	}
}

// A text resembles a pattern only if it has no value more or less, and no other kind of value.
func TestWhatResemblesAPattern(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{`{"a":1,"b":"x"}`, `{"a":-22,"b":""}`, true},
		{`{"a":[true,{"b":null}]}`, `{"a":[true, {"b":null}]}`, true},
		{`{"a":1,"b":2}`, `{"a":1}`, false},
		{`{"a":[1,2]}`, `{"a":[1]}`, false},
		{`{"a":[1]}`, `{"a":[]}`, false},
		{`{"a":[]}`, `{"a":[1]}`, false},
		{`{"a":1}`, `{"a":1,"b":2}`, false},
		{`{"a":true}`, `{"a":false}`, false},
		{`{"a":null}`, `{"a":""}`, false},
		{`{"a":"1"}`, `{"a":1}`, false},
		{`{"a":[]}`, `{"a":{}}`, false},
		{`{"a":1}`, `{"b":1}`, false},
		{`1`, `2`, true},
	} {
		from, err := Parse([]byte(c.pattern))
		if err != nil {
			t.Fatal(err)
		}
		doc := new(Document)
		if err := doc.ParseLike([]byte(c.text), from.Pattern()); err != nil || doc.Resembled() != c.want {
			t.Errorf("%v: %s resembles %s: %v", err, c.text, c.pattern, doc.Resembled())
		}
	}
}

// A Place leads to the same value, and the zero Place to none.
func TestAPlace(t *testing.T) {
	doc, err := Parse([]byte(`{"a":[1,"x"]}`))
	if err != nil {
		t.Fatal(err)
	}
	a := doc.Root().Get("a")
	for _, v := range []Value{a, a.First(), doc.Root().Get("b")} {
		if got := doc.At(v.Place()); got != v {
			t.Errorf("%v leads to %v", v, got)
		}
	}
	shorter, err := Parse([]byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []Value{doc.At(Place{}), doc.At(doc.Root().Place()), shorter.At(a.Place()), new(Document).At(a.Place())} {
		if v.Kind() != Missing {
			t.Errorf("a Place that is not there leads to %s", v.Kind())
		}
	}
}

func FuzzParseLike(f *testing.F) {
	for _, c := range fixtures.Calls(f)[1:] {
		f.Add([]byte(c.Body), bytes.Replace(c.Body, []byte(`":"`), []byte(`":["`), 1))
	}
	f.Add([]byte(`{"a":[1,{"b":2}],"c":null}`), []byte(`{"a":[1,{"b":3}],"a":null}`))
	f.Fuzz(func(t *testing.T, pattern, text []byte) { sameAs(t, pattern, text) })
}

func BenchmarkParseLike(b *testing.B) {
	calls := fixtures.Calls(b)[1:]
	var patterns []*Pattern
	size := 0
	doc := new(Document)
	for _, c := range calls {
		if err := doc.Parse(c.Body); err != nil {
			b.Fatal(err)
		}
		patterns = append(patterns, doc.Pattern())
		size += len(c.Body)
	}
	b.SetBytes(int64(size / len(calls)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if err := doc.ParseLike(calls[n].Body, patterns[n]); err != nil {
			b.Fatal(err)
		}
		if n++; n == len(calls) {
			n = 0
		}
	}
}

// Compares commonPrefix, which compares long texts in blocks, with a simple loop.
func TestCommonPrefixAgreesWithASimpleLoop(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		a := bytes.Repeat([]byte("ab"), rapid.IntRange(0, 1200).Draw(r, "pairs"))
		b := append(bytes.Clone(a), rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(r, "more")...)
		if len(a) > 0 && rapid.Bool().Draw(r, "changed") {
			b[rapid.IntRange(0, len(a)-1).Draw(r, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(r, "bit")
		}
		want := 0
		for want < min(len(a), len(b)) && a[want] == b[want] {
			want++
		}
		if got := commonPrefix(a, b); got != want {
			t.Fatalf("commonPrefix is %d, want %d", got, want)
		}
		if got := commonPrefix(b, a); got != want {
			t.Fatalf("commonPrefix is %d the other way round, want %d", got, want)
		}
	})
}
