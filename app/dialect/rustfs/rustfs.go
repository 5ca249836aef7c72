// Package rustfs reads the bodies of RustFS's authorization webhook (RUSTFS_POLICY_PLUGIN_URL, from 1.0.0-rc.3
// on): members of its own in {"input":{...}}, {"result":bool} out.
//
// RustFS differs from MinIO in more than the form of the body. Its OpenID Connect sessions hold claims that it
// writes itself: iss is a constant, and parent says whose login it was. Headers come into conditions under
// their names in lower case, and none can touch a name that is the server's own.
package rustfs

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/claimgate/claimgate/app/dialect"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/parent"
	"github.com/claimgate/claimgate/internal/strictjson"
)

// Dialect is RustFS's.
var Dialect = &dialect.Dialect{
	Server: server,
	Read:   read,
	Unread: unread,
	Plain: dialect.Names(`CurrentTime EpochTime SecureTransport SourceIp UserAgent authType delimiter groups roles max-keys prefix
principaltype signatureversion userid username versionid accept accept-encoding connection content-length content-type
x-amz-content-sha256 x-amz-date x-forwarded-for x-real-ip`),
}

var server = &gateway.Server{
	Name:         "rustfs",
	Parent:       parent.RustFS,
	OwnIssuer:    "rustfs-oidc",
	FromProvider: []string{"sub", "email", "preferred_username", "groups", "roles", "exp", "iat"},
	ConditionNames: func(key string) []string {
		_, name, _ := strings.Cut(key, ":")
		return []string{name}
	},
	LowerCaseHeaders: true,
}

// The members that are read, by the object that they stand in.
var (
	inputNames    = []string{"identity", "resource", "action", "context"}
	identityNames = []string{"account", "groups", "is_owner", "claims"}
	resourceNames = []string{"bucket", "object", "arn"}
	contextNames  = []string{"conditions", "deny_only", "timestamp"}
)

// Decode reads a body into a Request that shares its memory. doc is the scratch
// that the Request's values live in.
func Decode(body []byte, doc *strictjson.Document) (gateway.Request, error) {
	return read(body, doc, nil)
}

func read(body []byte, doc *strictjson.Document, like strictjson.Guide) (gateway.Request, error) {
	input, err := dialect.Input(body, doc, like)
	if err != nil {
		return gateway.Request{}, err
	}
	r := reader{req: gateway.Request{Server: server}}
	r.input(input)
	if r.Err == nil {
		r.Err = r.whole()
	}
	if r.Err != nil {
		return gateway.Request{}, r.Err
	}
	return r.req, nil
}

// reader reads the members of a body. It counts those that RustFS always sends and that an answer needs.
type reader struct {
	dialect.Reader
	req  gateway.Request
	arn  string
	seen int
}

// needed is how many members an answer needs: all but groups and timestamp.
const needed = 4 + 3 + 3 + 2

func (r *reader) object(name string, v strictjson.Value) bool {
	if v.Kind() != strictjson.Object {
		r.Fail(name, v, "an object")
	}
	return v.Kind() == strictjson.Object
}

func (r *reader) input(input strictjson.Value) {
	for n, v := range input.Members() {
		r.seen++
		switch name := n.View(); name {
		case "identity":
			r.identity(v)
		case "resource":
			r.resource(v)
		case "action":
			r.req.Action = r.Text(name, v)
		case "context":
			r.context(v)
		default:
			r.other(name, inputNames)
		}
	}
}

// other refuses a name that differs from one that is read only by case, and passes over the rest.
func (r *reader) other(name string, names []string) {
	r.seen--
	r.RefuseTwin(name, names)
}

func (r *reader) identity(identity strictjson.Value) {
	if !r.object("identity", identity) {
		return
	}
	for n, v := range identity.Members() {
		r.seen++
		switch name := n.View(); name {
		case "account":
			r.req.Account = r.Text(name, v)
		case "is_owner":
			r.req.Owner = r.Flag(name, v)
		case "claims":
			if r.object(name, v) { // RustFS sends {} where there are none
				r.req.Claims = v
			}
		case "groups": // not used: the mapping reads the token's
			r.seen--
			r.Strings(name, v)
		default:
			r.other(name, identityNames)
		}
	}
}

func (r *reader) resource(resource strictjson.Value) {
	if !r.object("resource", resource) {
		return
	}
	for n, v := range resource.Members() {
		r.seen++
		switch name := n.View(); name {
		case "bucket":
			r.req.Bucket = r.Text(name, v)
		case "object":
			r.req.Object = r.Text(name, v)
		case "arn":
			r.arn = r.Text(name, v)
		default:
			r.other(name, resourceNames)
		}
	}
}

func (r *reader) context(context strictjson.Value) {
	if !r.object("context", context) {
		return
	}
	for n, v := range context.Members() {
		r.seen++
		switch name := n.View(); name {
		case "conditions":
			r.req.Conditions = r.Conditions(v)
		case "deny_only":
			r.req.DenyOnly = r.Flag(name, v)
		case "timestamp":
			r.seen--
			r.timestamp(r.Text(name, v))
		default:
			r.other(name, contextNames)
		}
	}
}

func (r *reader) timestamp(text string) {
	if r.Err != nil {
		return
	}
	if _, err := time.Parse(time.RFC3339, text); err != nil {
		r.Err = errors.New(`"timestamp" is not a time by RFC 3339`)
	}
}

// whole says what is missing, or whether arn names another resource than bucket and object: a body with two
// readings.
func (r *reader) whole() error {
	if r.seen != needed {
		return errors.New("a member that RustFS always sends is missing")
	}
	if r.req.Action == "" {
		return errors.New(`"action" is empty`)
	}
	rest, found := strings.CutPrefix(r.arn, "arn:aws:s3:::")
	if found {
		rest, found = strings.CutPrefix(rest, r.req.Bucket)
	}
	switch {
	case found && r.req.Object == "" && rest == "":
	case found && r.req.Object != "" && strings.HasPrefix(rest, "/") && rest[1:] == r.req.Object:
	default:
		return errors.New(`"arn" names another resource than "bucket" and "object"`)
	}
	return nil
}

func unread(doc *strictjson.Document, f func(strictjson.Value)) {
	root := doc.Root()
	for name, v := range root.Members() {
		if name.View() != "input" {
			f(v)
		}
	}
	unknown := func(v strictjson.Value, names []string) {
		for name, v := range v.Members() {
			if !slices.Contains(names, name.View()) {
				f(v)
			}
		}
	}
	input := root.Get("input")
	unknown(input, inputNames)
	unknown(input.Get("identity"), identityNames)
	unknown(input.Get("resource"), resourceNames)
	unknown(input.Get("context"), contextNames)
}
