package dialect

import (
	"errors"
	"fmt"
	"strings"

	"github.com/claimgate/claimgate/internal/strictjson"
)

// Input parses a body and returns its member "input".
func Input(body []byte, doc *strictjson.Document, like strictjson.Guide) (strictjson.Value, error) {
	if len(body) == 0 {
		return strictjson.Value{}, ErrProbe
	}
	if err := doc.ParseLike(body, like); err != nil {
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

// Reader reads members and keeps the first thing that is wrong.
type Reader struct{ Err error }

// Fail says that a member has another type than it must have.
func (r *Reader) Fail(name string, v strictjson.Value, want string) {
	if r.Err == nil {
		r.Err = fmt.Errorf("%q is %s, not %s", name, v.Kind(), want)
	}
}

// RefuseTwin refuses a name that differs from one of names only by case.
func (r *Reader) RefuseTwin(text string, names []string) {
	for _, name := range names {
		if strings.EqualFold(text, name) && r.Err == nil {
			r.Err = fmt.Errorf(`a member of "input" differs from %q only by case`, name)
		}
	}
}

// Text reads a string.
func (r *Reader) Text(name string, v strictjson.Value) string {
	if v.Kind() != strictjson.String {
		r.Fail(name, v, "a string")
	}
	return v.View()
}

// Flag reads true or false.
func (r *Reader) Flag(name string, v strictjson.Value) bool {
	if k := v.Kind(); k != strictjson.True && k != strictjson.False {
		r.Fail(name, v, "true or false")
	}
	return v.Kind() == strictjson.True
}

// Conditions reads an object of lists of strings, or null.
func (r *Reader) Conditions(v strictjson.Value) strictjson.Value {
	if k := v.Kind(); k != strictjson.Object && k != strictjson.Null {
		r.Fail("conditions", v, "an object")
	}
	for _, list := range v.Members() {
		r.Strings("conditions", list)
	}
	return v
}

// Claims reads an object, or null.
func (r *Reader) Claims(v strictjson.Value) strictjson.Value {
	if k := v.Kind(); k != strictjson.Object && k != strictjson.Null {
		r.Fail("claims", v, "an object or null")
	}
	return v
}

// Strings reads a list of strings.
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

// Names returns the set of the words of a text.
func Names(text string) map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Fields(text) {
		set[name] = true
	}
	return set
}
