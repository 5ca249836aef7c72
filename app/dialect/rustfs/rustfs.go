// Package rustfs decodes the bodies of RustFS's authorization webhook (RUSTFS_POLICY_PLUGIN_URL, since
// 1.0.0-rc.3). The request is {"input":{...}} with other members than MinIO's, the answer {"result":bool}.
//
// RustFS also differs from MinIO in what it sends. In OpenID Connect sessions RustFS writes some claims itself:
// iss is a constant, and parent says whose login it was. The names of headers in conditions are in lower case,
// and no header can change a condition that the server sets.
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

// Dialect is the dialect of RustFS.
var Dialect = &dialect.Dialect{
	Server: server,
	Find:   find,
	Check:  check,
	Unread: unread,
	Plain: dialect.Names(`CurrentTime EpochTime SecureTransport SourceIp UserAgent authType delimiter groups roles max-keys prefix
principaltype signatureversion userid username versionid accept accept-encoding connection content-length content-type
user-agent x-amz-content-sha256 x-amz-date x-forwarded-for x-real-ip`),
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

// The names of the members that are read, one list for each object.
var (
	inputNames    = []string{"identity", "resource", "action", "context"}
	identityNames = []string{"account", "groups", "is_owner", "claims"}
	resourceNames = []string{"bucket", "object", "arn"}
	contextNames  = []string{"conditions", "deny_only", "timestamp"}
)

// Decode decodes a body into a Request. The Request shares the memory of body, and its values are valid until
// doc is used again. The error is dialect.ErrProbe if body is empty.
func Decode(body []byte, doc *strictjson.Document) (gateway.Request, error) {
	return Dialect.Decode(body, doc)
}

func find(input strictjson.Value) (dialect.Members, error) {
	var r reader
	r.input(input)
	if r.Err == nil && r.seen != needed {
		r.Err = errors.New("a member that RustFS always sends is missing")
	}
	return r.Members, r.Err
}

// reader reads the members of a body. seen counts the members that must not be missing.
type reader struct {
	dialect.Reader
	seen int
}

// needed is the number of members that must not be missing: all but groups and timestamp. The terms are those
// of input, identity, resource and context.
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
			r.ReadString(dialect.Action, name, v)
		case "context":
			r.context(v)
		default:
			r.unknown(name, inputNames)
		}
	}
}

// unknown ignores an unknown member. It refuses one whose name differs only by case from one of names.
func (r *reader) unknown(name string, names []string) {
	r.seen--
	r.RefuseOtherCase(name, names)
}

func (r *reader) identity(identity strictjson.Value) {
	if !r.object("identity", identity) {
		return
	}
	for n, v := range identity.Members() {
		r.seen++
		switch name := n.View(); name {
		case "account":
			r.ReadString(dialect.Account, name, v)
		case "is_owner":
			r.ReadFlag(dialect.Owner, name, v)
		case "claims":
			if r.object(name, v) { // RustFS sends {} if there are no claims
				r.ReadClaims(v)
			}
		case "groups": // not used: the mapping reads the groups of the token
			r.seen--
			r.Strings(name, v)
		default:
			r.unknown(name, identityNames)
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
			r.ReadString(dialect.Bucket, name, v)
		case "object":
			r.ReadString(dialect.Object, name, v)
		case "arn":
			r.ReadString(dialect.ARN, name, v)
		default:
			r.unknown(name, resourceNames)
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
			r.ReadConditions(v)
		case "deny_only":
			r.ReadFlag(dialect.DenyOnly, name, v)
		case "timestamp":
			r.seen--
			r.ReadString(dialect.Timestamp, name, v)
		default:
			r.unknown(name, contextNames)
		}
	}
}

// check refuses a body whose arn names another resource than bucket and object. Such a body could be read in two
// ways.
func check(v dialect.Values) error {
	if v[dialect.Timestamp].Kind() != strictjson.Missing {
		if _, err := time.Parse(time.RFC3339, v.Text(dialect.Timestamp)); err != nil {
			return errors.New(`"timestamp" is not a time by RFC 3339`)
		}
	}
	if v.Text(dialect.Action) == "" {
		return errors.New(`"action" is empty`)
	}
	object := v.Text(dialect.Object)
	rest, found := strings.CutPrefix(v.Text(dialect.ARN), "arn:aws:s3:::")
	if found {
		rest, found = strings.CutPrefix(rest, v.Text(dialect.Bucket))
	}
	switch {
	case found && object == "" && rest == "":
	case found && object != "" && strings.HasPrefix(rest, "/") && rest[1:] == object:
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
	values := func(v strictjson.Value, names []string) {
		for name, v := range v.Members() {
			if !slices.Contains(names, name.View()) {
				f(v)
			}
		}
	}
	input := root.Get("input")
	values(input, inputNames)
	values(input.Get("identity"), identityNames)
	values(input.Get("resource"), resourceNames)
	values(input.Get("context"), contextNames)
}
