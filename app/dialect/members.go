package dialect

import (
	"errors"
	"fmt"
	"strings"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/strictjson"
)

// Members are the members of a body that are read.
type Members struct {
	Values Values
	Claims gateway.Claims
}

// Values are the members of a body that are read, except the claims. A member that the body lacks is Missing.
type Values [members]strictjson.Value

// Member is the index of a member in Values.
type Member uint8

// The members of all dialects, except the claims.
const (
	Account    Member = iota // a string
	Action                   // a string
	Bucket                   // a string
	Object                   // a string
	Owner                    // true or false
	DenyOnly                 // true or false
	Conditions               // an object of lists of strings, or null
	ARN                      // a string, of RustFS
	Timestamp                // a string, of RustFS
	members                  // how many there are
)

// Text returns the text of a member, or "" if the body lacks it.
func (v *Values) Text(m Member) string { return v[m].View() }

// request returns the Request that the members make.
func (m *Members) request(s *gateway.Server) gateway.Request {
	v := &m.Values
	return gateway.Request{
		Server: s, Account: v.Text(Account), Action: v.Text(Action), Bucket: v.Text(Bucket), Object: v.Text(Object),
		Owner: v[Owner].Kind() == strictjson.True, DenyOnly: v[DenyOnly].Kind() == strictjson.True,
		Conditions: v[Conditions], Claims: m.Claims,
	}
}

// input returns the member "input" of a parsed body, which is an object.
func input(doc *strictjson.Document) (strictjson.Value, error) {
	for name := range doc.Root().Members() {
		if n := name.View(); n != "input" && strings.EqualFold(n, "input") {
			return strictjson.Value{}, errors.New(`a member differs from "input" only by case`)
		}
	}
	in := doc.Root().Get("input")
	if in.Kind() != strictjson.Object {
		return strictjson.Value{}, fmt.Errorf(`"input" is %s, not an object`, in.Kind())
	}
	return in, nil
}

// Names returns the set of the words of a text. White space separates words.
func Names(text string) map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Fields(text) {
		set[name] = true
	}
	return set
}
