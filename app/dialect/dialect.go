// Package dialect has what the dialects of the authorization webhook share: the strict reading of a body's
// members, the answers, and what a Dialect is.
//
// What must never happen: a body with two readings is taken for one of them. A body is refused if it is not
// one strict JSON value, if a name stands twice or differs from one that is read only by case, or if a member
// has another type than the server gives it. Members that are not read are ignored: newer servers add some.
package dialect

import (
	"errors"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/strictjson"
)

// ErrProbe is what reading an empty body returns: servers send one at their start, to see that somebody
// answers. RustFS needs the status 200, and every server some answer.
var ErrProbe = errors.New("an empty body: a probe")

// The two answers of every dialect. MinIO reads the body whatever the status is; a Ceph radosgw dies of an
// object in the place of true and false. So nothing else is ever written where a decision was made.
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

// Dialect is one server's way to ask.
type Dialect struct {
	// Server is what a decision needs to know of the server.
	Server *gateway.Server
	// Read reads a body into a Request that shares its memory. doc is the scratch that the Request's values
	// live in, like an earlier body or nil.
	Read func(body []byte, doc *strictjson.Document, like strictjson.Guide) (gateway.Request, error)
	// Unread calls f with the values of a body that was read that no request is made of.
	Unread func(doc *strictjson.Document, f func(strictjson.Value))
	// Plain are the names of conditions whose values hold no secret: the server's own words, and headers that
	// every client sends.
	Plain map[string]bool
}

// Name is the dialect's name in config.toml.
func (d *Dialect) Name() string { return d.Server.Name }

// Decode reads a body into a Request that shares its memory.
func (d *Dialect) Decode(body []byte, doc *strictjson.Document) (gateway.Request, error) {
	return d.Read(body, doc, nil)
}
