package dialect

import (
	"errors"
	"fmt"
	"strings"

	"github.com/claimgate/claimgate/internal/strictjson"
)

// Input parses a body into doc and returns its member "input", which is an object. guide is the pattern of an
// earlier body, or nil. The error is ErrProbe if body is empty.
func Input(body []byte, doc *strictjson.Document, guide strictjson.Guide) (strictjson.Value, error) {
	if len(body) == 0 {
		return strictjson.Value{}, ErrProbe
	}
	if err := doc.ParseLike(body, guide); err != nil {
		return strictjson.Value{}, fmt.Errorf("the body is not strict JSON: %w", err)
	}
	for name := range doc.Root().Members() {
		if n := name.View(); n != "input" && strings.EqualFold(n, "input") {
			return strictjson.Value{}, errors.New(`a member differs from "input" only by case`)
		}
	}
	input := doc.Root().Get("input")
	if input.Kind() != strictjson.Object {
		return strictjson.Value{}, fmt.Errorf(`"input" is %s, not an object`, input.Kind())
	}
	return input, nil
}

// Reader reads the members of a body. Err is the first error; the caller checks Err at the end.
type Reader struct{ Err error }

// Fail sets Err, unless Err is set: the member v does not have the type want.
func (r *Reader) Fail(name string, v strictjson.Value, want string) {
	if r.Err == nil {
		r.Err = fmt.Errorf("%q is %s, not %s", name, v.Kind(), want)
	}
}

// RefuseOtherCase sets Err if the name text differs only by case from one of names.
func (r *Reader) RefuseOtherCase(text string, names []string) {
	for _, name := range names {
		if strings.EqualFold(text, name) && r.Err == nil {
			r.Err = fmt.Errorf(`a member of "input" differs from %q only by case`, name)
		}
	}
}

// Text returns a string. It sets Err for a value of another type.
func (r *Reader) Text(name string, v strictjson.Value) string {
	if v.Kind() != strictjson.String {
		r.Fail(name, v, "a string")
	}
	return v.View()
}

// Flag returns true or false. It sets Err for a value of another type.
func (r *Reader) Flag(name string, v strictjson.Value) bool {
	if k := v.Kind(); k != strictjson.True && k != strictjson.False {
		r.Fail(name, v, "true or false")
	}
	return v.Kind() == strictjson.True
}

// Conditions returns v. It sets Err unless v is an object of lists of strings, or null.
func (r *Reader) Conditions(v strictjson.Value) strictjson.Value {
	if k := v.Kind(); k != strictjson.Object && k != strictjson.Null {
		r.Fail("conditions", v, "an object")
	}
	for _, list := range v.Members() {
		r.Strings("conditions", list)
	}
	return v
}

// Claims returns v. It sets Err unless v is an object or null.
func (r *Reader) Claims(v strictjson.Value) strictjson.Value {
	if k := v.Kind(); k != strictjson.Object && k != strictjson.Null {
		r.Fail("claims", v, "an object or null")
	}
	return v
}

// Strings sets Err unless list is a list of strings.
func (r *Reader) Strings(name string, list strictjson.Value) {
	if list.ListOf(strictjson.String) {
		return
	}
	if list.Kind() != strictjson.Array {
		r.Fail(name, list, "a list of strings")
	}
	for e := range list.Elements() {
		if e.Kind() != strictjson.String {
			r.Fail(name, e, "a string in a list")
		}
	}
}

// Names returns the set of the words of a text. White space separates words.
func Names(text string) map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Fields(text) {
		set[name] = true
	}
	return set
}
