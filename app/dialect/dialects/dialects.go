// Package dialects knows every dialect by its name.
package dialects

import (
	"github.com/claimgate/claimgate/app/dialect"
	"github.com/claimgate/claimgate/app/dialect/minio"
	"github.com/claimgate/claimgate/app/dialect/rustfs"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/strictjson"
)

// All are the dialects, MinIO's first.
func All() []*dialect.Dialect { return []*dialect.Dialect{minio.Dialect, rustfs.Dialect} }

// Named returns the dialect of a name, or nil.
func Named(name string) *dialect.Dialect {
	for _, d := range All() {
		if d.Name() == name {
			return d
		}
	}
	return nil
}

// Decode reads a recorded body of any dialect. A body with input.identity is RustFS's; for the server's
// endpoints config.toml says which dialect they speak.
func Decode(body []byte, doc *strictjson.Document) (gateway.Request, error) {
	input, err := dialect.Input(body, doc, nil)
	if err == nil && input.Get("identity").Kind() == strictjson.Object {
		return rustfs.Decode(body, doc)
	}
	return minio.Decode(body, doc)
}
