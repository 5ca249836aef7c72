package gateway

import "github.com/claimgate/claimgate/internal/strictjson"

// Request is what a server asks about, as a dialect has read it. Its strings
// and values share the memory of the request's body and live as long as it.
type Request struct {
	// Server is the server that asks. Without one no credential is trusted.
	Server *Server

	Account string // the access key that signed the request; "" for anonymous
	Action  string // never empty
	Bucket  string
	Object  string

	// Owner says that the key is root's or derived from root.
	Owner bool
	// DenyOnly asks "allowed unless explicitly denied": self-service.
	DenyOnly bool

	// Conditions is an object of lists of strings that clients write into.
	Conditions strictjson.Value
	// Claims is an object, or null for anonymous requests.
	Claims strictjson.Value
}

// Anonymous reports whether nobody signed the request.
func (r *Request) Anonymous() bool {
	return r.Account == "" || r.Claims.Kind() != strictjson.Object
}

// Signer is what the claims tell of the key that signed a request.
type Signer struct {
	// Static: MinIO keeps the key itself, or it is derived from such a key.
	Static bool
	// SessionPolicy: one came with the key.
	SessionPolicy bool
	// Parent is claims.parent, "" where that is no string.
	Parent string
}

// Signer reads the claims.
func (r *Request) Signer() Signer {
	c := credentialOf(r)
	return Signer{c.kind == static, c.policy.Kind() != strictjson.Missing, c.parent.View()}
}
