package verifier

import (
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
)

// MinIO's claims of a session are accepted only if they fit a configured issuer.
func TestAttested(t *testing.T) {
	const maxAge = time.Hour
	id := idp.IDClaims(idp.Now).With("exp", idp.Now.Unix()+365*86400, "accessKey", "ABC", "parent", "p")
	key := idp.IDClaims(idp.Now).With("exp", idp.Drop, "sa-policy", "inherited-policy")
	for _, c := range []struct {
		name   string
		claims idp.Claims
		want   string // part of the error, "" if the claims are accepted
	}{
		{"a session", id, ""},
		{"a session that began an hour ago", id.With("iat", idp.Now.Unix()-3600), ""},
		{"a session without iat", id.With("iat", idp.Drop), ""},
		{"exp passed, within leeway", id.With("exp", idp.Now.Unix()-29), ""},
		{"an access key within its age", key.With("iat", idp.Now.Unix()-3599), ""},
		{"an access key past its age", key.With("iat", idp.Now.Unix()-3600), "service_account_max_age"},
		{"an access key without iat", key.With("iat", idp.Drop), "exp and iat are missing"},
		{"a static credential", idp.Claims{"accessKey": "minioadmin"}, "no configured issuer"},
		{"nothing", idp.Claims{}, "no configured issuer"},
		{"another issuer", id.With("iss", "https://evil.example/"), "no configured issuer"},
		{"iss without its slash", id.With("iss", idp.URL[:len(idp.URL)-1]), "no configured issuer"},
		{"exp passed", id.With("exp", idp.Now.Unix()-30), "exp has passed"},
		{"exp a string", id.With("exp", "never"), "exp is not"},
		{"iat a string", id.With("iat", "now"), "iat is not"},
		{"iat ahead", id.With("iat", idp.Now.Unix()+31), "iat lies in the future"},
		{"aud of another client", id.With("aud", "other"), "audiences"},
		{"azp of another client", id.With("azp", "other"), "azp"},
		{"azp a number", id.With("azp", 7), "azp is a number"},
		{"sub empty", id.With("sub", ""), "sub is not"},
		{"sid a number", id.With("sid", 1), "sid is a number"},
		{"groups a string", id.With("groups", "admins"), "groups is not"},
		{"a logout token's events", id.With("events", idp.Claims{}), "logout token"},
		{"key-bound", id.With("cnf", idp.Claims{}), "cnf"},
		{"delegated", id.With("act", idp.Claims{}), "act"},
		{"a twin of sub", id.With("Sub", "root"), "only by case"},
		{"a twin of the username claim", id.With("Preferred_username", "root"), "only by case"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := offline(t, idp.JWKSOf(idp.RSAKey(0, idp.KidOne)))
			got, err := v.Attested(idp.JSON(c.claims), maxAge)
			if c.want == "" {
				wantReason(t, err, "")
				if err == nil && (got.Subject != id["sub"] || got.Username != "alice" || got.Digest == [32]byte{} || got.Session == "") {
					t.Errorf("%+v", got)
				}
				return
			}
			wantReason(t, err, Untrusted)
			if err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// The identity does not change if the caller overwrites the buffer of the claims.
func TestAttestedCopiesTheClaims(t *testing.T) {
	v := offline(t, idp.JWKSOf(idp.RSAKey(0, idp.KidOne)))
	claims := idp.JSON(idp.IDClaims(idp.Now))
	id, err := v.Attested(claims, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range claims {
		claims[i] = 'x'
	}
	if id.Username != "alice" || id.Groups[0] != "minio users" {
		t.Errorf("%+v", id)
	}
}

func TestAttestedIsStrict(t *testing.T) {
	v := offline(t, idp.JWKSOf(idp.RSAKey(0, idp.KidOne)))
	for _, text := range []string{"", "null", "[]", `"x"`, `{"iss":"a","iss":"a"}`, "{} {}"} {
		_, err := v.Attested([]byte(text), time.Hour)
		wantReason(t, err, Untrusted)
	}
	// A maxAge of 0 refuses access keys.
	_, err := v.Attested(idp.JSON(idp.IDClaims(idp.Now).With("exp", idp.Drop)), 0)
	wantReason(t, err, Untrusted)
}
