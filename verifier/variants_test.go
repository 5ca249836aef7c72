package verifier

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The 49 variants of token that an Authentik emits, or that somebody may pass
// off as such, with the verdict on each. Where a mapping, the binding to the
// credential or introspection decides, the row shows what the verifier
// contributes: the identity and its claims.
//
// A number may take several rows. TestVariantsAreComplete counts them.
type variant struct {
	number int
	name   string
	token  string
	want   Reason
	hint   string // part of the error's hint
	adjust func(*Options)
	check  func(t *testing.T, id *Identity)
}

func variants() []variant {
	one, enc := rsaKey(0, kidOne), rsaKey(2, "enc-key")
	now := testNow.Unix()
	id := idClaims(testNow)
	access := id.with("azp", clientID, "uid", "cmFuZG9t", "scope", "openid profile email minio", "jti", "j")
	machine := access.with("sid", drop, "amr", drop, "nonce", drop, "groups", []string{}, "policy", drop)
	kid86 := &testKey{kid: strings.Repeat("Ab-_", 21) + "xy", alg: "RS256", private: one.private}
	list := []variant{
		{number: 1, name: "code-flow ID token, 2025.10 on", token: one.token(id), check: subject(id["sub"].(string))},
		{number: 2, name: "kid of 86 characters", token: kid86.token(id.with("jti", "j"))},
		{number: 3, name: "access token", token: one.token(access)},
		{number: 3, name: "access token of another client", token: one.token(access.with("azp", "other")), want: WrongAudience},
		{number: 4, name: "access token, 2023.2 to 2025.8", token: one.token(access.with("scope", drop, "jti", drop, "sid", drop))},
		{number: 5, name: "legacy, 30 days", token: one.token(id.with("cid", clientID, "nonce", nil, "exp", now+30*86400)), want: Lifetime, hint: "Access Token validity"},
		{number: 5, name: "legacy, by option", token: one.token(id.with("cid", clientID, "nonce", nil, "exp", now+30*86400)), adjust: func(o *Options) { o.Issuers[0].MaxLifetime = 30 * 24 * time.Hour }},
		{number: 6, name: "ES256", token: ecKey("ES256", "ec256").token(id)},
		{number: 6, name: "ES384", token: ecKey("ES384", "ec384").token(id)},
		{number: 6, name: "ES512", token: ecKey("ES512", "ec521").token(id)},
		{number: 6, name: "ES256, not allow-listed", token: ecKey("ES256", "ec256").token(id), want: Algorithm, adjust: func(o *Options) { o.Issuers[0].Algorithms = []string{"RS256"} }},
		{number: 7, name: "Ed25519", token: edKey("ed").token(id)},
		{number: 7, name: "Ed448 under the kid of an RSA key", token: one.token(id, "alg", "Ed448"), want: Algorithm},
		{number: 8, name: "HS256 without kid", token: hmacToken([]byte("client secret"), id, map[string]any{"alg": "HS256", "typ": "JWT"}), want: Algorithm, hint: "Signing Key"},
		{number: 9, name: "HS256 with the public key as secret", token: hmacToken(jwksOf(one), id, map[string]any{"alg": "HS256", "typ": "JWT", "kid": kidOne}), want: Algorithm},
		{number: 10, name: "alg none", token: b64([]byte(`{"alg":"none","typ":"JWT","kid":"`+kidOne+`"}`)) + "." + b64(toJSON(id)) + ".", want: Algorithm},
		{number: 10, name: "alg None", token: one.token(id, "alg", "None"), want: Algorithm},
		{number: 11, name: "JWE", token: b64([]byte(`{"alg":"RSA-OAEP-256","enc":"A256CBC-HS512","typ":"JWE","kid":"e"}`)) + ".a.b.c.d", want: Encrypted, hint: "Encryption Key"},
		{number: 12, name: "signed by the encryption key", token: enc.token(id), want: UnknownKey},
		{number: 13, name: "client_credentials, generated account", token: one.token(machine.with("preferred_username", "ak-minio-client_credentials")), check: holds("policy")},
		{number: 14, name: "client_credentials, app password", token: one.token(machine.with("policy", []string{"readonly"})), check: holds("policy", "readonly")},
		{number: 15, name: "client_credentials without scope", token: one.token(machine.with("groups", drop, "scope", "")), check: holds("policy")},
		{number: 16, name: "JWT-federated CI account", token: one.token(machine.with("preferred_username", "minio-repo:acme/app:ref:refs/heads/main")), check: func(t *testing.T, id *Identity) {
			t.Helper()
			if id.Username != "minio-repo:acme/app:ref:refs/heads/main" {
				t.Errorf("username %q", id.Username)
			}
		}},
		{number: 17, name: "policy with commas", token: one.token(id.with("policy", "readonly,diag")), check: holds("policy", "readonly,diag")},
		{number: 18, name: "policy list with duplicates", token: one.token(id.with("policy", []string{"a", "a", "b"})), check: holds("policy", "a", "a", "b")},
		{number: 19, name: "policy null", token: one.token(id.with("policy", nil)), check: holds("policy")},
		{number: 19, name: "policy missing", token: one.token(id.with("policy", drop)), check: holds("policy")},
		{number: 19, name: "policy []", token: one.token(id.with("policy", []string{})), check: holds("policy")},
		{number: 19, name: "policy empty", token: one.token(id.with("policy", "")), check: holds("policy", "")},
		{number: 19, name: "policy {}", token: one.token(id.with("policy", claims{})), want: BadClaims, hint: "scope mapping"},
		{number: 19, name: "policy 5", token: one.token(id.with("policy", 5)), want: BadClaims},
		{number: 19, name: "policy [1]", token: one.token(id.with("policy", []int{1})), want: BadClaims},
		{number: 20, name: "include_claims_in_id_token=false", token: one.token(id.with("policy", drop, "groups", drop, "email", drop, "preferred_username", drop)), check: func(t *testing.T, id *Identity) {
			t.Helper()
			if id.Groups != nil || id.Username != "" {
				t.Errorf("groups %v, username %q", id.Groups, id.Username)
			}
		}},
		{number: 21, name: "aud a list with the client", token: one.token(id.with("aud", []string{"minio", clientID}))},
		{number: 22, name: "aud replaced by a mapping", token: one.token(access.with("aud", "my-api")), want: WrongAudience, hint: "remove aud from the mapping"},
		{number: 22, name: "aud replaced, and configured", token: one.token(access.with("aud", "my-api")), adjust: func(o *Options) { o.Issuers[0].Audiences = []string{clientID, "my-api"} }},
		{number: 23, name: "of another application", token: one.token(id.with("aud", "other", "iss", "https://auth.example/application/o/other/")), want: WrongIssuer},
		{number: 23, name: "of another application, same iss", token: one.token(id.with("aud", "other")), want: WrongAudience},
		{number: 24, name: "global issuer", token: one.token(id.with("iss", "https://auth.example/")), want: WrongIssuer},
		{number: 24, name: "global issuer, configured", token: one.token(id.with("iss", "https://auth.example/")), adjust: func(o *Options) { o.Issuers[0].URL = "https://auth.example/" }},
		{number: 25, name: "iss without its slash", token: one.token(id.with("iss", strings.TrimSuffix(issuerURL, "/"))), want: WrongIssuer, hint: "differs only in scheme, host or slash"},
		{number: 25, name: "iss by http", token: one.token(id.with("iss", "http://auth.example/application/o/minio/")), want: WrongIssuer, hint: "differs only in scheme"},
		{number: 25, name: "iss by an internal host", token: one.token(id.with("iss", "http://authentik-server:9000/application/o/minio/")), want: WrongIssuer, hint: "one name"},
		{number: 25, name: "iss in another case", token: one.token(id.with("iss", "https://AUTH.example/application/o/minio/")), want: WrongIssuer, hint: "host"},
		{number: 25, name: "iss a list", token: one.token(id.with("iss", []string{issuerURL})), want: WrongIssuer},
		{number: 25, name: "iss no URL", token: one.token(id.with("iss", "\x7f:")), want: WrongIssuer},
		{number: 26, name: "iss missing", token: one.token(id.with("iss", drop)), want: WrongIssuer, hint: "assign an application"},
		{number: 28, name: "sub empty", token: one.token(id.with("sub", "")), want: BadClaims, hint: "Subject mode"},
		{number: 28, name: "sub missing", token: one.token(id.with("sub", drop)), want: BadClaims},
		{number: 28, name: "sub a number", token: one.token(id.with("sub", 7)), want: BadClaims},
		{number: 29, name: "exp passed", token: one.token(id.with("exp", now-30, "iat", now-3600)), want: Expired},
		{number: 29, name: "exp passed, within leeway", token: one.token(id.with("exp", now-29, "iat", now-3600))},
		{number: 29, name: "exp missing", token: one.token(id.with("exp", drop)), want: BadClaims},
		{number: 29, name: "exp a string", token: one.token(id.with("exp", fmt.Sprint(now+60))), want: BadClaims},
		{number: 29, name: "exp far ahead of iat", token: one.token(id.with("exp", now+86401)), want: Lifetime, hint: "max_lifetime"},
		{number: 29, name: "exp as far ahead of iat as allowed", token: one.token(id.with("exp", now+86400))},
		{number: 29, name: "exp far ahead, no iat", token: one.token(id.with("exp", now+86401, "iat", drop)), want: Lifetime},
		{number: 29, name: "exp ahead, no iat", token: one.token(id.with("exp", now+86400, "iat", drop))},
		{number: 30, name: "iat 5 s ahead", token: one.token(id.with("iat", now+5))},
		{number: 30, name: "iat 90 s ahead", token: one.token(id.with("iat", now+90)), want: NotYetValid, hint: "NTP"},
		{number: 30, name: "nbf ahead", token: one.token(id.with("nbf", now+31)), want: NotYetValid},
		{number: 30, name: "nbf within leeway", token: one.token(id.with("nbf", now+30))},
		{number: 31, name: "the key was replaced", token: rsaKey(1, kidTwo).token(id), want: UnknownKey, hint: "current key only"},
		{number: 34, name: "no kid", token: one.token(id, "kid", drop), want: Malformed},
		{number: 35, name: "token exchange, impersonation", token: one.token(access.with("sid", drop))},
		{number: 36, name: "token exchange, delegation", token: one.token(access.with("act", claims{"sub": "robot"})), want: Type, hint: "allow_delegation"},
		{number: 36, name: "token exchange, delegation, by option", token: one.token(access.with("act", claims{"sub": "robot"})), adjust: func(o *Options) { o.Issuers[0].AllowDelegation = true }},
		{number: 37, name: "audience-targeted exchange", token: one.token(access.with("sid", drop, "sub", "7"))},
		{number: 38, name: "key-bound ID token", token: one.token(id.with("cnf", claims{"jwk": claims{}}), "typ", "dpop+id_token"), want: Type},
		{number: 38, name: "key-bound, by cnf only", token: one.token(id.with("cnf", claims{"jwk": claims{}})), want: Type},
		{number: 39, name: "logout token, 2026.2 on", token: one.token(logoutClaims(testNow), "typ", "logout+jwt"), want: Type},
		{number: 39, name: "logout token, 2025.8 to 2025.12", token: one.token(logoutClaims(testNow)), want: Type},
		{number: 41, name: "revoked, inside exp: introspection and revocation decide", token: one.token(access), check: func(t *testing.T, id *Identity) {
			t.Helper()
			if id.Session != access["sid"] || !id.IssuedAt.Equal(testNow) {
				t.Errorf("sid %q, iat %s: what revocation goes by", id.Session, id.IssuedAt)
			}
		}},
		{number: 42, name: "500 groups", token: one.token(id.with("groups", groups(500))), check: func(t *testing.T, id *Identity) {
			t.Helper()
			if len(id.Groups) != 500 {
				t.Errorf("%d groups", len(id.Groups))
			}
		}},
		{number: 42, name: "more than max_token", token: one.token(id.with("groups", groups(1500))), want: Malformed},
		{number: 43, name: "odd names of groups", token: one.token(id.with("groups", oddGroups)), check: func(t *testing.T, id *Identity) {
			t.Helper()
			if diff := cmp.Diff(oddGroups, id.Groups); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}},
		{number: 44, name: "groups a string", token: one.token(id.with("groups", "admins")), want: BadClaims, hint: "list of group names"},
		{number: 44, name: "groups an object", token: one.token(id.with("groups", claims{"admins": true})), want: BadClaims},
		{number: 44, name: "groups null", token: one.token(id.with("groups", nil)), want: BadClaims},
		{number: 44, name: "duplicate groups", token: one.compact([]byte(`{"alg":"RS256","kid":"`+kidOne+`"}`), append([]byte(`{"groups":["a"],`), toJSON(id)[1:]...)), want: Malformed},
		{number: 45, name: "email_verified false", token: one.token(id.with("email_verified", false))},
		{number: 45, name: "email_verified true", token: one.token(id.with("email_verified", true))},
		{number: 46, name: "nonce in an access token, amr of a certificate", token: one.token(access.with("amr", []string{"sc"})), check: holds("amr", "sc")},
		{number: 46, name: "amr with a second factor", token: one.token(id.with("amr", []string{"pwd", "mfa"})), check: holds("amr", "pwd", "mfa")},
		{number: 48, name: "refresh token", token: "aPmEUsKb4H7oYt3xWnNqL9zRj2VcDd5f", want: Malformed},
		{number: 48, name: "empty", token: "", want: Malformed},
		{number: 49, name: "authentik API token", token: strings.Repeat("k7Qx", 15), want: Malformed},
	}
	for _, sub := range []string{strings.Repeat("ab", 32), "7", "0b9d2b5e-6f5c-4d21-9a5e-54d7a1a8a001", "alice", "alice@example.com", "Ålice Ünïcode 山田", "*", "${jwt:sub}"} {
		list = append(list, variant{number: 27, name: "sub " + sub, token: one.token(id.with("sub", sub)), check: subject(sub)})
	}
	return list
}

// Variants that take a test of their own, because more than a token is needed.
var variantsElsewhere = map[int]string{
	32: "TestRotation: the same kid, replaced in place",
	33: "TestRenewedCertificate",
	40: "TestVerifyLogout",
	47: "TestOutageDrills",
}

var oddGroups = []string{"minio admins", "a,b", `q"uote`, "a/b", "Größe 山", "${jwt:sub}", "*", ""}

func groups(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("group-%04d", i)
	}
	return list
}

func subject(want string) func(*testing.T, *Identity) {
	return func(t *testing.T, id *Identity) {
		t.Helper()
		if id.Subject != want || id.Issuer != "authentik" {
			t.Errorf("subject %q of %q", id.Subject, id.Issuer)
		}
	}
}

func holds(name string, want ...string) func(*testing.T, *Identity) {
	return func(t *testing.T, id *Identity) {
		t.Helper()
		got, ok := id.Claim(name)
		if !ok || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s is %q, %v; want %q", name, got, ok, want)
		}
	}
}

func TestVariants(t *testing.T) {
	one, enc := rsaKey(0, kidOne), rsaKey(2, "enc-key")
	kid86 := &testKey{kid: strings.Repeat("Ab-_", 21) + "xy", alg: "RS256", private: one.private}
	set := jwks(one.jwk(), kid86.jwk(), enc.jwk("use", "enc", "alg", "RSA-OAEP-256", "enc", "A256CBC-HS512"),
		ecKey("ES256", "ec256").jwk(), ecKey("ES384", "ec384").jwk(), ecKey("ES512", "ec521").jwk(), edKey("ed").jwk())
	for _, c := range variants() {
		t.Run(fmt.Sprintf("%d %s", c.number, c.name), func(t *testing.T) {
			var adjust []func(*Options)
			if c.adjust != nil {
				adjust = append(adjust, c.adjust)
			}
			v := offline(t, set, adjust...)
			// Twice: what is remembered must not differ from what is verified.
			for range 2 {
				got, err := v.Verify(t.Context(), c.token, Presented{})
				wantReason(t, err, c.want)
				var e *Error
				if errors.As(err, &e) && !strings.Contains(e.Hint, c.hint) {
					t.Errorf("the hint is %q, want one with %q", e.Hint, c.hint)
				}
				if err == nil && c.check != nil {
					c.check(t, got)
				}
				v.good.cache.Wait()
				v.bad.cache.Wait()
			}
		})
	}
}

func TestVariantsAreComplete(t *testing.T) {
	rows := make(map[int]int)
	for _, c := range variants() {
		rows[c.number]++
	}
	for n := 1; n <= 49; n++ {
		if (rows[n] > 0) == (variantsElsewhere[n] != "") {
			t.Errorf("variant %d has %d rows here and is elsewhere in %q", n, rows[n], variantsElsewhere[n])
		}
	}
}
