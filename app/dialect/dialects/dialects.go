// Package dialects lists the dialects of the authorization webhook.
package dialects

import (
	"github.com/claimgate/claimgate/app/dialect"
	"github.com/claimgate/claimgate/app/dialect/minio"
	"github.com/claimgate/claimgate/app/dialect/rustfs"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/strictjson"
)

// All returns the dialects, MinIO's first.
func All() []*dialect.Dialect { return []*dialect.Dialect{minio.Dialect, rustfs.Dialect} }

// Named returns the dialect with the name, or nil.
func Named(name string) *dialect.Dialect {
	for _, d := range All() {
		if d.Name() == name {
			return d
		}
	}
	return nil
}

// Decode decodes a recorded body of any dialect. If input.identity is an object, the dialect is RustFS's, else
// MinIO's. The server does not guess: config.toml names the dialect of each endpoint.
func Decode(body []byte, doc *strictjson.Document) (gateway.Request, error) {
	if doc.Parse(body) == nil && doc.Root().Get("input").Get("identity").Kind() == strictjson.Object {
		return rustfs.Decode(body, doc)
	}
	return minio.Decode(body, doc)
}
