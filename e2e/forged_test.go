package e2e

import (
	"context"
	"maps"
	"testing"

	"github.com/claimgate/claimgate/e2e/internal/stack"
)

// An attacker who knows the client secret can forge an id_token that MinIO accepts
// (CVE-2026-33322, not fixed in the community builds). MinIO issues credentials for
// it; claimgate denies each request with these credentials.
func TestForgedLogin(t *testing.T) {
	t.Parallel()
	s := shared(t)
	// The claims of ada's login, which an attacker can guess.
	ada := s.Claims(s.Login("ada", stack.AllScopes).ID)
	rheas := s.Login("rhea", stack.AllScopes).ID

	with := func(changes map[string]any) map[string]any {
		claims := maps.Clone(ada)
		delete(claims, "authentik_token")
		maps.Copy(claims, changes)
		return claims
	}
	for name, claims := range map[string]map[string]any{
		"without a token inside":                              with(nil),
		"with a forged token inside":                          with(map[string]any{"authentik_token": s.Forge(with(nil))}),
		"with the token inside the attacker's own login":      with(map[string]any{"authentik_token": rheas}),
		"with the claims that MinIO gives root's access keys": with(map[string]any{"parent": s.Root().AccessKeyID, "sa-policy": "inherited-policy"}),
		"with the name of root":                               with(map[string]any{"username": s.Root().AccessKeyID, "sub": s.Root().AccessKeyID}),
		"of an unknown issuer":                                with(map[string]any{"iss": "http://evil.example/", "authentik_token": rheas}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s.For(t)
			creds, err := s.Session(s.Forge(claims))
			if err != nil {
				t.Fatalf("MinIO refuses the forged login, so that this test shows nothing: %v", err)
			}
			grant{}.check(t, viaS3(s.S3(creds)))
			grant{}.check(t, viaMC(s.MC(creds).WithToken(s.Forge(claims))))
			expect(t, "list of users", func(ctx context.Context) error {
				_, err := s.Admin(creds).ListUsers(ctx)
				return adminDenied(err)
			}, false)
		})
	}
	t.Run("of a user who adds groups to their own login", func(t *testing.T) {
		s := s.For(t)
		claims := s.Claims(rheas)
		claims["groups"], claims["policy"] = []string{"MinIO admins"}, "consoleAdmin"
		creds, err := s.Session(s.Forge(claims))
		if err != nil {
			t.Fatal(err)
		}
		grant{get: true}.check(t, viaS3(s.S3(creds))) // only what the token inside grants
	})
}
