// Package minio reads and writes the bodies of MinIO's authorization webhook
// (sub-system policy_plugin): {"input":{...}} comes in, {"result":bool} goes
// out.
//
// What must never happen: a body with two readings is taken for one of them. A
// body is refused where it is not one strict JSON value, where a name stands
// twice or differs from one that is read only by case, or where a member has
// another type than MinIO gives it. Members that are not read are ignored:
// newer servers add some.
package minio

import (
	"errors"
	"fmt"
	"strings"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/strictjson"
)

// ErrProbe is what Decode returns for an empty body: MinIO sends one at its
// start, and whenever the webhook's setting is written, to see that somebody
// answers.
var ErrProbe = errors.New("an empty body: a probe")

// The two answers. MinIO reads the body whatever the status is, so nothing else
// is ever written where a decision was made.
const (
	Allow = `{"result":true}`
	Deny  = `{"result":false}`
)

// Answer is the body for a decision.
func Answer(allow bool) string {
	if allow {
		return Allow
	}
	return Deny
}

// names are the members of "input" that are read, in MinIO's order.
var names = [...]string{
	"account", "groups", "action", "originalAction", "bucket", "conditions", "owner", "object", "claims", "denyOnly",
}

// Decode reads a body into a Request that shares its memory. doc is the scratch
// that the Request's values live in.
func Decode(body []byte, doc *strictjson.Document) (gateway.Request, error) {
	return decode(body, doc, nil)
}

func decode(body []byte, doc *strictjson.Document, like strictjson.Guide) (gateway.Request, error) {
	if len(body) == 0 {
		return gateway.Request{}, ErrProbe
	}
	if err := doc.ParseLike(body, like); err != nil {
		return gateway.Request{}, fmt.Errorf("the body is not strict JSON: %w", err)
	}
	for name := range doc.Root().Members() {
		if n := name.View(); n != "input" && strings.EqualFold(n, "input") {
			return gateway.Request{}, errors.New(`a member differs from "input" only by case`)
		}
	}
	input := doc.Root().Get("input")
	if input.Kind() != strictjson.Object {
		return gateway.Request{}, fmt.Errorf(`"input" is %s, not an object`, input.Kind())
	}
	var r reader
	for name, v := range input.Members() {
		r.member(name.View(), v)
	}
	if r.err == nil && r.req.Action == "" {
		r.err = errors.New(`"action" is missing or empty`)
	}
	if r.err != nil {
		return gateway.Request{}, r.err
	}
	return r.req, nil
}

// reader reads the members of "input" and keeps the first thing that is wrong.
type reader struct {
	req gateway.Request
	err error
}

func (r *reader) member(name string, v strictjson.Value) {
	switch name {
	case "account":
		r.req.Account = r.text(name, v)
	case "groups": // not used: clients can bring them about, and MinIO sends null
		if v.Kind() != strictjson.Null {
			r.strings(name, v)
		}
	case "action":
		r.req.Action = r.text(name, v)
	case "originalAction":
		r.text(name, v)
	case "bucket":
		r.req.Bucket = r.text(name, v)
	case "conditions":
		r.req.Conditions = r.conditions(v)
	case "owner":
		r.req.Owner = r.flag(name, v)
	case "object":
		r.req.Object = r.text(name, v)
	case "claims":
		r.req.Claims = r.claims(v)
	case "denyOnly":
		r.req.DenyOnly = r.flag(name, v)
	default:
		r.refuseTwin(name)
	}
}

func (r *reader) fail(name string, v strictjson.Value, want string) {
	if r.err == nil {
		r.err = fmt.Errorf("%q is %s, not %s", name, v.Kind(), want)
	}
}

func (r *reader) refuseTwin(text string) {
	for _, name := range names {
		if strings.EqualFold(text, name) && r.err == nil {
			r.err = fmt.Errorf(`a member of "input" differs from %q only by case`, name)
		}
	}
}

func (r *reader) text(name string, v strictjson.Value) string {
	if v.Kind() != strictjson.String {
		r.fail(name, v, "a string")
	}
	return v.View()
}

func (r *reader) flag(name string, v strictjson.Value) bool {
	if k := v.Kind(); k != strictjson.True && k != strictjson.False {
		r.fail(name, v, "true or false")
	}
	return v.Kind() == strictjson.True
}

func (r *reader) conditions(v strictjson.Value) strictjson.Value {
	if k := v.Kind(); k != strictjson.Object && k != strictjson.Null {
		r.fail("conditions", v, "an object")
	}
	for _, list := range v.Members() {
		r.strings("conditions", list)
	}
	return v
}

func (r *reader) claims(v strictjson.Value) strictjson.Value {
	if k := v.Kind(); k != strictjson.Object && k != strictjson.Null {
		r.fail("claims", v, "an object or null")
	}
	return v
}

func (r *reader) strings(name string, list strictjson.Value) {
	if list.ListOf(strictjson.String) {
		return
	}
	if list.Kind() != strictjson.Array {
		r.fail(name, list, "a list of strings")
	}
	for e := range list.Elements() {
		if e.Kind() != strictjson.String {
			r.fail(name, e, "a string in a list")
		}
	}
}
