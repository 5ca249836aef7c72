package gateway

import (
	"github.com/claimgate/claimgate/mapping/policy"
	"github.com/claimgate/claimgate/verifier"
)

// Question returns the request as policies see it. id is the verified identity, or nil.
func Question(r *Request, id *verifier.Identity) *policy.Request {
	return &policy.Request{
		Action: r.Action, Bucket: r.Bucket, Object: r.Object, DenyOnly: r.DenyOnly, Context: valuesOf(r, id),
	}
}
