package gateway

import "github.com/claimgate/claimgate/internal/strictjson"

// Request is what a server asks about, as a dialect has read it. Its strings
// and values share the memory of the request's body and live as long as it.
type Request struct {
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

// Static reports whether the key is one that MinIO keeps itself, or derived from
// such a key.
func (r *Request) Static() bool { return credentialOf(r).kind == static }
