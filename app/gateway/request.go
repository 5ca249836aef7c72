package gateway

import "github.com/claimgate/claimgate/internal/strictjson"

// Request is one question of a server, as a dialect decoded it. Its strings and values share the
// memory of the request's body: they are valid as long as the body is not overwritten.
type Request struct {
	// Server is the server that asks. Without a Server no credential is trusted.
	Server *Server

	Account string // the access key that signed the request; "" for anonymous
	Action  string // never empty
	Bucket  string
	Object  string

	// Owner means that the access key is root's, or is derived from root's.
	Owner bool
	// DenyOnly asks for "allowed unless explicitly denied": MinIO's self-service.
	DenyOnly bool

	// Conditions is an object of lists of strings. Clients can write into it.
	Conditions strictjson.Value
	// Claims are the claims of the access key.
	Claims Claims
}

// Anonymous reports whether nobody signed the request.
func (r *Request) Anonymous() bool {
	return r.Account == "" || r.Claims.Kind() != strictjson.Object
}

// Signer describes the access key that signed a request.
type Signer struct {
	// Static means that MinIO keeps the key itself, or that the key is derived from such a key.
	Static bool
	// SessionPolicy means that the claims hold a session policy.
	SessionPolicy bool
	// Parent is claims.parent, or "" if that is not a string.
	Parent string
}

// Signer reads the claims of the request.
func (r *Request) Signer() Signer {
	c := credentialOf(r)
	return Signer{c.kind == static, c.policy.Kind() != strictjson.Missing, c.parent.View()}
}
