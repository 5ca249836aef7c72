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
	// Find finds the members that are read in the member "input" of a body. What it finds, or its error, depends on
	// the structure, the kinds and the names alone, never on the text of a value: what it has found in one body is
	// at the same places of every body that resembles this one.
	Find func(input strictjson.Value) (Members, error)
	// Check refuses texts that cannot be. It is called with what Find has found.
	Check func(v Values) error
	// Unread calls f with the value of each member of the decoded body that the dialect does not know.
	Unread func(doc *strictjson.Document, f func(strictjson.Value))
	// Plain holds the names of conditions whose values are no secrets: the server's own values, and headers
	// that every client sends.
	Plain map[string]bool
}

// Name returns the name of the dialect in config.toml.
func (d *Dialect) Name() string { return d.Server.Name }

// Decode decodes a body into a Request. The Request shares the memory of body, and its values are valid until
// doc is used again. The error is ErrProbe if body is empty. With an error the Request is the zero Request.
func (d *Dialect) Decode(body []byte, doc *strictjson.Document) (gateway.Request, error) {
	return d.DecodeLike(body, doc, nil)
}

// DecodeLike is Decode with the pattern of an earlier body, which makes decoding faster. p may be nil.
func (d *Dialect) DecodeLike(body []byte, doc *strictjson.Document, p *Pattern) (gateway.Request, error) {
	var m Members
	if err := p.parse(body, doc); err != nil {
		return gateway.Request{}, err
	}
	if p != nil && doc.Resembled() {
		m = p.form.in(doc)
	} else {
		found, err := d.find(doc)
		if err != nil {
			return gateway.Request{}, err
		}
		m = found
	}
	if err := d.Check(m.Values); err != nil {
		return gateway.Request{}, err
	}
	return m.request(d.Server), nil
}

// find finds the members of a parsed body.
func (d *Dialect) find(doc *strictjson.Document) (Members, error) {
	in, err := input(doc)
	if err != nil {
		return Members{}, err
	}
	return d.Find(in)
}
