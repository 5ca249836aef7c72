// Package minio decodes the bodies of MinIO's authorization webhook (sub-system policy_plugin): the request is
// {"input":{...}}, the answer {"result":bool}. Silo, AIStor, the forks of MinIO and the gateway of JuiceFS send
// the same members, or fewer.
package minio

import (
	"errors"
	"slices"

	"github.com/claimgate/claimgate/app/dialect"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/parent"
	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/mapping/policy"
)

// Dialect is the dialect of MinIO.
var Dialect = &dialect.Dialect{
	Server: server,
	Find:   find,
	Check:  check,
	Unread: unread,
	Plain: dialect.Names(`CurrentTime EpochTime SecureTransport SourceIp UserAgent authType delimiter groups
jwt:groups max-keys prefix principaltype signatureversion userid username versionid Accept-Encoding Connection Content-Length
Content-Type User-Agent X-Amz-Content-Sha256 X-Amz-Date X-Forwarded-For X-Real-Ip`),
}

var server = &gateway.Server{Name: "minio", Parent: parent.MinIO, ConditionNames: policy.ConditionNames}

// names are the members of "input" that are read, in MinIO's order.
var names = []string{
	"account", "groups", "action", "originalAction", "bucket", "conditions", "owner", "object", "claims", "denyOnly",
}

// Decode decodes a body into a Request. The Request shares the memory of body, and its values are valid until
// doc is used again. The error is dialect.ErrProbe if body is empty.
func Decode(body []byte, doc *strictjson.Document) (gateway.Request, error) {
	return Dialect.Decode(body, doc)
}

func find(input strictjson.Value) (dialect.Members, error) {
	var r reader
	for name, v := range input.Members() {
		r.member(name.View(), v)
	}
	return r.Members, r.Err
}

func check(v dialect.Values) error {
	if v.Text(dialect.Action) == "" {
		return errors.New(`"action" is missing or empty`)
	}
	return nil
}

type reader struct{ dialect.Reader }

func (r *reader) member(name string, v strictjson.Value) {
	switch name {
	case "account":
		r.ReadString(dialect.Account, name, v)
	case "groups": // not used: clients can influence it, and MinIO sends null
		if v.Kind() != strictjson.Null {
			r.Strings(name, v)
		}
	case "action":
		r.ReadString(dialect.Action, name, v)
	case "originalAction":
		r.CheckString(name, v)
	case "bucket":
		r.ReadString(dialect.Bucket, name, v)
	case "conditions":
		r.ReadConditions(v)
	case "owner":
		r.ReadFlag(dialect.Owner, name, v)
	case "object":
		r.ReadString(dialect.Object, name, v)
	case "claims":
		r.ReadClaims(v)
	case "denyOnly":
		r.ReadFlag(dialect.DenyOnly, name, v)
	default:
		r.RefuseOtherCase(name, names)
	}
}

func unread(doc *strictjson.Document, f func(strictjson.Value)) {
	root := doc.Root()
	for name, v := range root.Members() {
		if name.View() != "input" {
			f(v)
		}
	}
	for name, v := range root.Get("input").Members() {
		if !slices.Contains(names, name.View()) {
			f(v)
		}
	}
}
