// Package parent computes the names under which servers keep somebody from an OpenID Connect login: the
// parent of their sessions and access keys.
package parent

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// Name is a parent: base64url without padding of 32 bytes.
type Name [43]byte

func (n Name) String() string { return string(n[:]) }

func nameOf(sum [32]byte) (n Name) {
	base64.RawURLEncoding.Encode(n[:], sum[:])
	return n
}

// MinIO returns what MinIO calls the subject of an issuer: the SHA-256 of "openid:", sub, ":" and iss
// (minio cmd/sts-handlers.go). The ":" may stand in either, so two people may share a name.
func MinIO(iss, sub string) Name {
	return nameOf(sha256.Sum256([]byte("openid:" + sub + ":" + iss)))
}

// RustFS returns what RustFS calls the subject of an issuer: the SHA-256 of "openid:", then of sub and of
// iss the length in bytes (8 bytes, big-endian) and the text (rustfs crates/iam/src/federation/model.rs).
func RustFS(iss, sub string) Name {
	var memory [512]byte // usual issuers and subjects need no more, and every request is bound by this
	text := append(memory[:0], "openid:"...)
	for _, part := range []string{sub, iss} {
		text = binary.BigEndian.AppendUint64(text, uint64(len(part)))
		text = append(text, part...)
	}
	return nameOf(sha256.Sum256(text))
}
