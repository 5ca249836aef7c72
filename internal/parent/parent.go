// Package parent computes the name that MinIO or RustFS gives a person who logs in by OpenID Connect.
// The name is the parent of the person's sessions and access keys.
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

// MinIO returns MinIO's name for the subject of an issuer: the SHA-256 of "openid:", sub, ":" and iss
// (minio cmd/sts-handlers.go). Both sub and iss may contain ":", so two people may share a name.
func MinIO(iss, sub string) Name {
	return nameOf(sha256.Sum256([]byte("openid:" + sub + ":" + iss)))
}

// RustFS returns RustFS's name for the subject of an issuer: the SHA-256 of "openid:" and of sub and iss,
// each after its length in bytes (8 bytes, big-endian) (rustfs crates/iam/src/federation/model.rs).
func RustFS(iss, sub string) Name {
	var memory [512]byte // enough for usual issuers and subjects; saves an allocation in every request
	text := append(memory[:0], "openid:"...)
	for _, part := range []string{sub, iss} {
		text = binary.BigEndian.AppendUint64(text, uint64(len(part)))
		text = append(text, part...)
	}
	return nameOf(sha256.Sum256(text))
}
