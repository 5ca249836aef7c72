package dialect

import (
	"fmt"
	"strings"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/strictjson"
)

// Reader reads the members of a body. Err is the first error; the caller checks Err at the end.
type Reader struct {
	Members
	Err error
}

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

// ReadString reads a member that is a string. It sets Err for a value of another type.
func (r *Reader) ReadString(m Member, name string, v strictjson.Value) {
	r.CheckString(name, v)
	r.Values[m] = v
}

// CheckString sets Err unless v is a string.
func (r *Reader) CheckString(name string, v strictjson.Value) {
	if v.Kind() != strictjson.String {
		r.Fail(name, v, "a string")
	}
}

// ReadFlag reads a member that is true or false. It sets Err for a value of another type.
func (r *Reader) ReadFlag(m Member, name string, v strictjson.Value) {
	if k := v.Kind(); k != strictjson.True && k != strictjson.False {
		r.Fail(name, v, "true or false")
	}
	r.Values[m] = v
}

// ReadConditions reads the conditions. It sets Err unless v is an object of lists of strings, or null.
func (r *Reader) ReadConditions(v strictjson.Value) {
	if k := v.Kind(); k != strictjson.Object && k != strictjson.Null {
		r.Fail("conditions", v, "an object")
	}
	for _, list := range v.Members() {
		r.Strings("conditions", list)
	}
	r.Values[Conditions] = v
}

// ReadClaims reads the claims. It sets Err unless v is an object or null.
func (r *Reader) ReadClaims(v strictjson.Value) {
	if k := v.Kind(); k != strictjson.Object && k != strictjson.Null {
		r.Fail("claims", v, "an object or null")
	}
	r.Claims = gateway.ClaimsOf(v)
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
