package gateway

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/mapping/policy"
	"github.com/dgraph-io/ristretto/v2"
)

// sessionPolicies evaluates claims.sessionPolicy, which narrows what a credential may do. If a webhook
// is set, MinIO sends the session policy and does not enforce it. Parsed policies are cached by the
// SHA-256 of their text.
type sessionPolicies struct {
	cache *ristretto.Cache[uint64, *sessionPolicy]
}

type sessionPolicy struct {
	digest [32]byte
	kind   policy.SessionKind
	set    *policy.Set // nil if the policy could not be parsed
}

// sessionEntries is the number of parsed session policies that are cached. Each is at most 4 KiB of JSON.
const sessionEntries = 4096

func newSessionPolicies() *sessionPolicies {
	return &sessionPolicies{newRistretto[*sessionPolicy](sessionEntries)}
}

func (s *sessionPolicies) close() { s.cache.Close() }

// allow reports whether the credential has no session policy, or one that allows the request. It
// evaluates the policy with owner and denyOnly taken as false. MinIO once used denyOnly: CVE-2025-62506.
func (s *sessionPolicies) allow(c *credential, req *policy.Request) bool {
	claim := c.policy
	if claim.Kind() == strictjson.Missing {
		return true
	}
	if claim.Kind() != strictjson.String {
		return false
	}
	p := s.parsed(claim.View())
	switch p.kind {
	case policy.SessionEmpty:
		return c.accessKey // an access key has the rights of its user, a session has none
	case policy.SessionNoVersion:
		if !c.accessKey {
			return false
		}
	case policy.SessionRestricted:
	default:
		return false // the policy could not be parsed
	}
	narrowed := *req
	narrowed.DenyOnly = false
	return p.set.Evaluate(&narrowed).Allowed()
}

func (s *sessionPolicies) parsed(text string) *sessionPolicy {
	digest := sha256.Sum256([]byte(text))
	hash := binary.LittleEndian.Uint64(digest[:])
	if p, ok := s.cache.Get(hash); ok && p.digest == digest {
		return p
	}
	p := &sessionPolicy{digest: digest}
	if doc, err := base64.StdEncoding.DecodeString(text); err == nil {
		if parsed, kind, err := policy.ParseSession(doc); err == nil {
			p.kind, p.set = kind, policy.Compile(policy.Grant{Policy: parsed})
		}
	}
	s.cache.Set(hash, p, 1)
	return p
}
