package malformed

import (
	"crypto/rand"
	"crypto/rsa"
	"testing"
	"time"
)

// A token that is the plain token, or that is listed twice, would tell nothing about a library.
func TestCasesAreDistinct(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s := Signer{Key: key, KeyID: "k", Issuer: "https://auth.example/application/o/minio/", Audience: "minio", Now: time.Unix(1_790_000_000, 0)}
	names, tokens := make(map[string]bool), map[string]bool{s.Plain(): true}
	for _, c := range s.Cases() {
		if names[c.Name] || tokens[c.Token] {
			t.Errorf("%s: the name or the token is there twice", c.Name)
		}
		names[c.Name], tokens[c.Token] = true, true
	}
	if len(names) != 44 {
		t.Errorf("%d cases, want 44", len(names))
	}
}
