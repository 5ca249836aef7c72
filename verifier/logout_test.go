package verifier

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func logoutClaims(now time.Time) claims {
	return claims{
		"iss": issuerURL, "sub": "alice", "sid": "s1", "aud": clientID, "iat": now.Unix(), "exp": now.Unix() + 120, "jti": "j1",
		"events": map[string]any{logoutEvent: map[string]any{}},
	}
}

func TestVerifyLogout(t *testing.T) {
	one := rsaKey(0, kidOne)
	v := offline(t, jwksOf(one))
	base := logoutClaims(testNow)
	full := Logout{
		Issuer: "authentik", Subject: "alice", Session: "s1", ID: "j1",
		IssuedAt: testNow, Expires: testNow.Add(150 * time.Second), // exp and the leeway
	}
	bySession, bySubject, young := full, full, full
	bySession.Subject, bySubject.Session = "", ""
	young.Expires = testNow.Add(5*time.Minute + 30*time.Second)
	old := young
	old.IssuedAt, old.Expires = testNow.Add(-5*time.Minute), testNow.Add(30*time.Second)
	for _, c := range []struct {
		name  string
		token string
		want  Reason
		got   Logout
	}{
		{"2026.2: typ logout+jwt", one.token(base, "typ", "logout+jwt"), "", full},
		{"a type compares without case", one.token(base, "typ", "Logout+JWT"), "", full},
		{"2025.10: typ JWT", one.token(base), "", full},
		{"no typ", one.token(base, "typ", drop), "", full},
		{"sid only", one.token(base.with("sub", drop)), "", bySession},
		{"sub only", one.token(base.with("sid", drop)), "", bySubject},
		{"sid null", one.token(base.with("sid", nil)), "", bySubject},
		{"2025.8: no exp", one.token(base.with("exp", drop)), "", young},
		{"2025.8: no exp, five minutes old", one.token(base.with("exp", drop, "iat", testNow.Unix()-300)), "", old},
		{"no exp, too old", one.token(base.with("exp", drop, "iat", testNow.Unix()-330)), Expired, Logout{}},
		{"expired", one.token(base.with("exp", testNow.Unix()-30)), Expired, Logout{}},
		{"exp far ahead", one.token(base.with("exp", testNow.Unix()+86401)), Lifetime, Logout{}},
		{"exp out of all bounds", one.token(base.with("exp", int64(1)<<62)), Lifetime, Logout{}},
		{"exp a string", one.token(base.with("exp", "soon")), BadClaims, Logout{}},
		{"iat missing", one.token(base.with("iat", drop)), BadClaims, Logout{}},
		{"iat a float", one.token(base.with("iat", 1.5)), BadClaims, Logout{}},
		{"iat ahead", one.token(base.with("iat", testNow.Unix()+31)), NotYetValid, Logout{}},
		{"neither sid nor sub", one.token(base.with("sid", drop, "sub", drop)), BadClaims, Logout{}},
		{"an empty sid does not widen it to the subject", one.token(base.with("sid", "")), BadClaims, Logout{}},
		{"sub a number", one.token(base.with("sub", 7)), BadClaims, Logout{}},
		{"jti missing", one.token(base.with("jti", drop)), BadClaims, Logout{}},
		{"jti null", one.token(base.with("jti", nil)), BadClaims, Logout{}},
		{"an ID token", one.token(idClaims(testNow)), Type, Logout{}},
		{"an ID token with events", one.token(base.with("nonce", "n")), Type, Logout{}},
		{"nonce null", one.token(base.with("nonce", nil)), Type, Logout{}},
		{"another event", one.token(base.with("events", map[string]any{"http://schemas.openid.net/event/other": map[string]any{}})), Type, Logout{}},
		{"the event is no object", one.token(base.with("events", map[string]any{logoutEvent: true})), Type, Logout{}},
		{"events a list", one.token(base.with("events", []string{logoutEvent})), Type, Logout{}},
		{"typ at+jwt", one.token(base, "typ", "at+jwt"), Type, Logout{}},
		{"for another client", one.token(base.with("aud", "other")), WrongAudience, Logout{}},
		{"of another issuer", one.token(base.with("iss", "https://auth.example/application/o/other/")), WrongIssuer, Logout{}},
		{"a twin of nonce", one.token(base.with("Nonce", "n")), Malformed, Logout{}},
		{"forged", rsaKey(1, kidOne).token(base), Signature, Logout{}},
		{"an unknown key", rsaKey(1, kidTwo).token(base), UnknownKey, Logout{}},
		{"HS256", hmacToken([]byte("secret"), base, map[string]any{"alg": "HS256", "typ": "JWT"}), Algorithm, Logout{}},
		{"too long", strings.Repeat("a", 16<<10+1), Malformed, Logout{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := v.VerifyLogout(t.Context(), c.token)
			wantReason(t, err, c.want)
			if (got == nil) != (err != nil) {
				t.Fatalf("logout %v with error %v", got, err)
			}
			if got != nil {
				if diff := cmp.Diff(c.got, *got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

// What ends a session must never open one.
func TestALogoutTokenIsNoBearerToken(t *testing.T) {
	one := rsaKey(0, kidOne)
	v := offline(t, jwksOf(one))
	for _, typ := range []string{"JWT", "logout+jwt"} {
		_, err := v.Verify(t.Context(), one.token(logoutClaims(testNow), "typ", typ), Presented{})
		wantReason(t, err, Type)
	}
}
