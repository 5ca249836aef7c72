package verifier

import (
	"strings"
	"testing"
	"time"
)

// What MinIO says of a session counts only where it fits a configured issuer.
func TestAttested(t *testing.T) {
	const maxAge = time.Hour
	id := idClaims(testNow).with("exp", testNow.Unix()+365*86400, "accessKey", "ABC", "parent", "p")
	key := idClaims(testNow).with("exp", drop, "sa-policy", "inherited-policy")
	for _, c := range []struct {
		name   string
		claims claims
		want   string // part of the error, "" where they count
	}{
		{"a session", id, ""},
		{"a session that began an hour ago", id.with("iat", testNow.Unix()-3600), ""},
		{"a session without iat", id.with("iat", drop), ""},
		{"exp passed, within leeway", id.with("exp", testNow.Unix()-29), ""},
		{"an access key within its age", key.with("iat", testNow.Unix()-3599), ""},
		{"an access key past its age", key.with("iat", testNow.Unix()-3600), "service_account_max_age"},
		{"an access key without iat", key.with("iat", drop), "neither exp nor iat"},
		{"a static credential", claims{"accessKey": "minioadmin"}, "no configured issuer"},
		{"nothing", claims{}, "no configured issuer"},
		{"another issuer", id.with("iss", "https://evil.example/"), "no configured issuer"},
		{"iss without its slash", id.with("iss", issuerURL[:len(issuerURL)-1]), "no configured issuer"},
		{"exp passed", id.with("exp", testNow.Unix()-30), "exp has passed"},
		{"exp a string", id.with("exp", "never"), "exp is not"},
		{"iat a string", id.with("iat", "now"), "iat is not"},
		{"iat ahead", id.with("iat", testNow.Unix()+31), "iat lies in the future"},
		{"aud of another client", id.with("aud", "other"), "audiences"},
		{"azp of another client", id.with("azp", "other"), "azp"},
		{"azp a number", id.with("azp", 7), "azp is a number"},
		{"sub empty", id.with("sub", ""), "sub is not"},
		{"sid a number", id.with("sid", 1), "sid is a number"},
		{"groups a string", id.with("groups", "admins"), "groups is not"},
		{"a logout token's events", id.with("events", claims{}), "logout token"},
		{"key-bound", id.with("cnf", claims{}), "cnf"},
		{"delegated", id.with("act", claims{}), "act"},
		{"a twin of sub", id.with("Sub", "root"), "only by case"},
		{"a twin of the username claim", id.with("Preferred_username", "root"), "only by case"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := offline(t, jwksOf(rsaKey(0, kidOne)))
			got, err := v.Attested(toJSON(c.claims), maxAge)
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

// The identity does not change with the buffer that the claims came in.
func TestAttestedKeepsNothingOfTheCallers(t *testing.T) {
	v := offline(t, jwksOf(rsaKey(0, kidOne)))
	claims := toJSON(idClaims(testNow))
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
	v := offline(t, jwksOf(rsaKey(0, kidOne)))
	for _, text := range []string{"", "null", "[]", `"x"`, `{"iss":"a","iss":"a"}`, "{} {}"} {
		_, err := v.Attested([]byte(text), time.Hour)
		wantReason(t, err, Untrusted)
	}
	// An access key counts by its age, and by default not at all.
	_, err := v.Attested(toJSON(idClaims(testNow).with("exp", drop)), 0)
	wantReason(t, err, Untrusted)
}
