// Package dialect holds what the dialects of the authorization webhook share: the strict reading of a body's
// members, the two answers, and the type Dialect.
//
// A body that can be read in two ways is refused. A body is refused if it is not one strict JSON value, if an
// object has a name twice, if a name differs only by case from a name that is read, or if a member has another
// type than the server gives it. Unknown members are ignored, because newer servers add some.
package dialect

import (
	"errors"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/strictjson"
)

// ErrProbe is the error for an empty body. Servers send an empty body at their start, to see that the webhook
// answers. RustFS needs the status 200; every server needs some answer.
var ErrProbe = errors.New("an empty body: a probe")

// The two answers of every dialect. A decision is answered with nothing else: MinIO reads the body whatever
// the status is, and a Ceph radosgw crashes if result is an object.
const (
	Allow = `{"result":true}`
	Deny  = `{"result":false}`
)

// Answer returns the body of the answer to a decision.
func Answer(allow bool) string {
	if allow {
		return Allow
	}
	return Deny
}

// Dialect is the form in which one server asks. A Dialect may be used concurrently.
type Dialect struct {
	// Server describes the server for decisions.
	Server *gateway.Server
	// Read makes a Request of the member "input" of a body. The Request shares the memory of input. With an
	// error the Request is ignored.
	Read func(input strictjson.Value) (gateway.Request, error)
	// Unread calls f with the value of each member of the decoded body that the dialect does not know.
	Unread func(doc *strictjson.Document, f func(strictjson.Value))
	// Plain holds the names of conditions whose values are no secrets: the server's own values, and headers
	// that every client sends.
	Plain map[string]bool
}

// Name returns the name of the dialect in config.toml.
func (d *Dialect) Name() string { return d.Server.Name }

// Decode decodes a body into a Request. The Request shares the memory of body, and its values are valid until
// doc is used again. The error is ErrProbe if body is empty.
func (d *Dialect) Decode(body []byte, doc *strictjson.Document) (gateway.Request, error) {
	return d.DecodeLike(body, doc, nil)
}

// DecodeLike is Decode with the pattern of an earlier body, which makes decoding faster. guide may be nil. With
// an error the Request is the zero Request.
func (d *Dialect) DecodeLike(body []byte, doc *strictjson.Document, guide strictjson.Guide) (gateway.Request, error) {
	input, err := Input(body, doc, guide)
	if err != nil {
		return gateway.Request{}, err
	}
	r, err := d.Read(input)
	if err != nil {
		return gateway.Request{}, err
	}
	return r, nil
}
