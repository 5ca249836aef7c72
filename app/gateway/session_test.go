package gateway

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"testing"

	"github.com/claimgate/claimgate/mapping/policy"
)

// The cache finds a session policy by 64 bits of its digest. Another policy with the same 64 bits does not count.
func TestASessionPolicyIsFoundByItsWholeDigest(t *testing.T) {
	s := newSessionPolicies()
	defer s.close()
	text := base64.StdEncoding.EncodeToString([]byte(`{}`))
	digest := sha256.Sum256([]byte(text))
	s.cache.Set(binary.LittleEndian.Uint64(digest[:]), &sessionPolicy{digest: [32]byte{1}, kind: policy.SessionRestricted}, 1)
	s.cache.Wait()
	if p := s.parsed(text); p.digest != digest || p.kind != policy.SessionEmpty {
		t.Errorf("another session policy was found: kind %v, want %v", p.kind, policy.SessionEmpty)
	}
	first := s.parsed(text)
	if s.cache.Wait(); s.parsed(text) != first {
		t.Error("a session policy is parsed for each request")
	}
}
