package verifier

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"github.com/google/go-cmp/cmp"
)

// variant is one row of the 49 variants of tokens that an Authentik emits, or that an attacker may
// present as such, with the expected reason. If a mapping, the binding to the credential or
// introspection decides, the row checks the part of the verifier: the identity and its claims.
//
// A number may have several rows. TestVariantsAreComplete checks that no number is missing.
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
	one, enc := idp.RSAKey(0, idp.KidOne), idp.RSAKey(2, "enc-key")
	now := idp.Now.Unix()
	id := idp.IDClaims(idp.Now)
	access := id.With("azp", idp.ClientID, "uid", "cmFuZG9t", "scope", "openid profile email minio", "jti", "j")
	machine := access.With("sid", idp.Drop, "amr", idp.Drop, "nonce", idp.Drop, "groups", []string{}, "policy", idp.Drop)
	kid86 := &idp.Key{Kid: strings.Repeat("Ab-_", 21) + "xy", Alg: "RS256", Private: one.Private}
	list := []variant{
		{number: 1, name: "code-flow ID token, 2025.10 on", token: one.Token(id), check: subject(id["sub"].(string))},
		{number: 2, name: "kid of 86 characters", token: kid86.Token(id.With("jti", "j"))},
		{number: 3, name: "access token", token: one.Token(access)},
		{number: 3, name: "access token of another client", token: one.Token(access.With("azp", "other")), want: WrongAudience},
		{number: 4, name: "access token, 2023.2 to 2025.8", token: one.Token(access.With("scope", idp.Drop, "jti", idp.Drop, "sid", idp.Drop))},
		{number: 5, name: "legacy, 30 days", token: one.Token(id.With("cid", idp.ClientID, "nonce", nil, "exp", now+30*86400)), want: Lifetime, hint: "Access Token validity"},
		{number: 5, name: "legacy, by option", token: one.Token(id.With("cid", idp.ClientID, "nonce", nil, "exp", now+30*86400)), adjust: func(o *Options) { o.Issuers[0].MaxLifetime = 30 * 24 * time.Hour }},
		{number: 6, name: "ES256", token: idp.ECKey("ES256", "ec256").Token(id)},
		{number: 6, name: "ES384", token: idp.ECKey("ES384", "ec384").Token(id)},
		{number: 6, name: "ES512", token: idp.ECKey("ES512", "ec521").Token(id)},
		{number: 6, name: "ES256, not allow-listed", token: idp.ECKey("ES256", "ec256").Token(id), want: Algorithm, adjust: func(o *Options) { o.Issuers[0].Algorithms = []string{"RS256"} }},
		{number: 7, name: "Ed25519", token: idp.EdKey("ed").Token(id)},
		{number: 7, name: "Ed448 under the kid of an RSA key", token: one.Token(id, "alg", "Ed448"), want: Algorithm},
		{number: 8, name: "HS256 without kid", token: idp.HMACToken([]byte("client secret"), id, map[string]any{"alg": "HS256", "typ": "JWT"}), want: Algorithm, hint: "Signing Key"},
		{number: 9, name: "HS256 with the public key as secret", token: idp.HMACToken(idp.JWKSOf(one), id, map[string]any{"alg": "HS256", "typ": "JWT", "kid": idp.KidOne}), want: Algorithm},
		{number: 10, name: "alg none", token: idp.B64([]byte(`{"alg":"none","typ":"JWT","kid":"`+idp.KidOne+`"}`)) + "." + idp.B64(idp.JSON(id)) + ".", want: Algorithm},
		{number: 10, name: "alg None", token: one.Token(id, "alg", "None"), want: Algorithm},
		{number: 11, name: "JWE", token: idp.B64([]byte(`{"alg":"RSA-OAEP-256","enc":"A256CBC-HS512","typ":"JWE","kid":"e"}`)) + ".a.b.c.d", want: Encrypted, hint: "Encryption Key"},
		{number: 12, name: "signed by the encryption key", token: enc.Token(id), want: UnknownKey},
		{number: 13, name: "client_credentials, generated account", token: one.Token(machine.With("preferred_username", "ak-minio-client_credentials")), check: holds("policy")},
		{number: 14, name: "client_credentials, app password", token: one.Token(machine.With("policy", []string{"readonly"})), check: holds("policy", "readonly")},
		{number: 15, name: "client_credentials without scope", token: one.Token(machine.With("groups", idp.Drop, "scope", "")), check: holds("policy")},
		{number: 16, name: "JWT-federated CI account", token: one.Token(machine.With("preferred_username", "minio-repo:acme/app:ref:refs/heads/main")), check: func(t *testing.T, id *Identity) {
			t.Helper()
			if id.Username != "minio-repo:acme/app:ref:refs/heads/main" {
				t.Errorf("username %q", id.Username)
			}
		}},
		{number: 17, name: "policy with commas", token: one.Token(id.With("policy", "readonly,diag")), check: holds("policy", "readonly,diag")},
		{number: 18, name: "policy list with duplicates", token: one.Token(id.With("policy", []string{"a", "a", "b"})), check: holds("policy", "a", "a", "b")},
		{number: 19, name: "policy null", token: one.Token(id.With("policy", nil)), check: holds("policy")},
		{number: 19, name: "policy missing", token: one.Token(id.With("policy", idp.Drop)), check: holds("policy")},
		{number: 19, name: "policy []", token: one.Token(id.With("policy", []string{})), check: holds("policy")},
		{number: 19, name: "policy empty", token: one.Token(id.With("policy", "")), check: holds("policy", "")},
		{number: 19, name: "policy {}", token: one.Token(id.With("policy", idp.Claims{})), want: BadClaims, hint: "scope mapping"},
		{number: 19, name: "policy 5", token: one.Token(id.With("policy", 5)), want: BadClaims},
		{number: 19, name: "policy [1]", token: one.Token(id.With("policy", []int{1})), want: BadClaims},
		{number: 20, name: "include_claims_in_id_token=false", token: one.Token(id.With("policy", idp.Drop, "groups", idp.Drop, "email", idp.Drop, "preferred_username", idp.Drop)), check: func(t *testing.T, id *Identity) {
			t.Helper()
			if id.Groups != nil || id.Username != "" {
				t.Errorf("groups %v, username %q", id.Groups, id.Username)
			}
		}},
		{number: 21, name: "aud a list with the client", token: one.Token(id.With("aud", []string{"minio", idp.ClientID}))},
		{number: 22, name: "aud replaced by a mapping", token: one.Token(access.With("aud", "my-api")), want: WrongAudience, hint: "remove aud from the mapping"},
		{number: 22, name: "aud replaced, and configured", token: one.Token(access.With("aud", "my-api")), adjust: func(o *Options) { o.Issuers[0].Audiences = []string{idp.ClientID, "my-api"} }},
		{number: 23, name: "of another application", token: one.Token(id.With("aud", "other", "iss", "https://auth.example/application/o/other/")), want: WrongIssuer},
		{number: 23, name: "of another application, same iss", token: one.Token(id.With("aud", "other")), want: WrongAudience},
		{number: 24, name: "global issuer", token: one.Token(id.With("iss", "https://auth.example/")), want: WrongIssuer},
		{number: 24, name: "global issuer, configured", token: one.Token(id.With("iss", "https://auth.example/")), adjust: func(o *Options) { o.Issuers[0].URL = "https://auth.example/" }},
		{number: 25, name: "iss without its slash", token: one.Token(id.With("iss", strings.TrimSuffix(idp.URL, "/"))), want: WrongIssuer, hint: "differs only in scheme, host or slash"},
		{number: 25, name: "iss by http", token: one.Token(id.With("iss", "http://auth.example/application/o/minio/")), want: WrongIssuer, hint: "differs only in scheme"},
		{number: 25, name: "iss by an internal host", token: one.Token(id.With("iss", "http://authentik-server:9000/application/o/minio/")), want: WrongIssuer, hint: "one name"},
		{number: 25, name: "iss in another case", token: one.Token(id.With("iss", "https://AUTH.example/application/o/minio/")), want: WrongIssuer, hint: "host"},
		{number: 25, name: "iss a list", token: one.Token(id.With("iss", []string{idp.URL})), want: WrongIssuer},
		{number: 25, name: "iss no URL", token: one.Token(id.With("iss", "\x7f:")), want: WrongIssuer},
		{number: 26, name: "iss missing", token: one.Token(id.With("iss", idp.Drop)), want: WrongIssuer, hint: "assign an application"},
		{number: 28, name: "sub empty", token: one.Token(id.With("sub", "")), want: BadClaims, hint: "Subject mode"},
		{number: 28, name: "sub missing", token: one.Token(id.With("sub", idp.Drop)), want: BadClaims},
		{number: 28, name: "sub a number", token: one.Token(id.With("sub", 7)), want: BadClaims},
		{number: 29, name: "exp passed", token: one.Token(id.With("exp", now-30, "iat", now-3600)), want: Expired},
		{number: 29, name: "exp passed, within leeway", token: one.Token(id.With("exp", now-29, "iat", now-3600))},
		{number: 29, name: "exp missing", token: one.Token(id.With("exp", idp.Drop)), want: BadClaims},
		{number: 29, name: "exp a string", token: one.Token(id.With("exp", fmt.Sprint(now+60))), want: BadClaims},
		{number: 29, name: "exp far ahead of iat", token: one.Token(id.With("exp", now+86401)), want: Lifetime, hint: "max_lifetime"},
		{number: 29, name: "exp as far ahead of iat as allowed", token: one.Token(id.With("exp", now+86400))},
		{number: 29, name: "exp far ahead, no iat", token: one.Token(id.With("exp", now+86401, "iat", idp.Drop)), want: Lifetime},
		{number: 29, name: "exp ahead, no iat", token: one.Token(id.With("exp", now+86400, "iat", idp.Drop))},
		{number: 30, name: "iat 5 s ahead", token: one.Token(id.With("iat", now+5))},
		{number: 30, name: "iat 90 s ahead", token: one.Token(id.With("iat", now+90)), want: NotYetValid, hint: "NTP"},
		{number: 30, name: "nbf ahead", token: one.Token(id.With("nbf", now+31)), want: NotYetValid},
		{number: 30, name: "nbf within leeway", token: one.Token(id.With("nbf", now+30))},
		{number: 31, name: "the key was replaced", token: idp.RSAKey(1, idp.KidTwo).Token(id), want: UnknownKey, hint: "current key only"},
		{number: 34, name: "no kid", token: one.Token(id, "kid", idp.Drop), want: Malformed},
		{number: 35, name: "token exchange, impersonation", token: one.Token(access.With("sid", idp.Drop))},
		{number: 36, name: "token exchange, delegation", token: one.Token(access.With("act", idp.Claims{"sub": "robot"})), want: Type, hint: "allow_delegation"},
		{number: 36, name: "token exchange, delegation, by option", token: one.Token(access.With("act", idp.Claims{"sub": "robot"})), adjust: func(o *Options) { o.Issuers[0].AllowDelegation = true }},
		{number: 37, name: "audience-targeted exchange", token: one.Token(access.With("sid", idp.Drop, "sub", "7"))},
		{number: 38, name: "key-bound ID token", token: one.Token(id.With("cnf", idp.Claims{"jwk": idp.Claims{}}), "typ", "dpop+id_token"), want: Type},
		{number: 38, name: "key-bound, by cnf only", token: one.Token(id.With("cnf", idp.Claims{"jwk": idp.Claims{}})), want: Type},
		{number: 39, name: "logout token, 2026.2 on", token: one.Token(idp.LogoutClaims(idp.Now), "typ", "logout+jwt"), want: Type},
		{number: 39, name: "logout token, 2025.8 to 2025.12", token: one.Token(idp.LogoutClaims(idp.Now)), want: Type},
		{number: 41, name: "revoked, inside exp: introspection and revocation decide", token: one.Token(access), check: func(t *testing.T, id *Identity) {
			t.Helper()
			if id.Session != access["sid"] || !id.IssuedAt.Equal(idp.Now) {
				t.Errorf("sid %q, iat %s: what revocation goes by", id.Session, id.IssuedAt)
			}
		}},
		{number: 42, name: "500 groups", token: one.Token(id.With("groups", groups(500))), check: func(t *testing.T, id *Identity) {
			t.Helper()
			if len(id.Groups) != 500 {
				t.Errorf("%d groups", len(id.Groups))
			}
		}},
		{number: 42, name: "more than max_token", token: one.Token(id.With("groups", groups(1500))), want: Malformed},
		{number: 43, name: "odd names of groups", token: one.Token(id.With("groups", oddGroups)), check: func(t *testing.T, id *Identity) {
			t.Helper()
			if diff := cmp.Diff(oddGroups, id.Groups); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}},
		{number: 44, name: "groups a string", token: one.Token(id.With("groups", "admins")), want: BadClaims, hint: "list of group names"},
		{number: 44, name: "groups an object", token: one.Token(id.With("groups", idp.Claims{"admins": true})), want: BadClaims},
		{number: 44, name: "groups null", token: one.Token(id.With("groups", nil)), want: BadClaims},
		{number: 44, name: "duplicate groups", token: one.Compact([]byte(`{"alg":"RS256","kid":"`+idp.KidOne+`"}`), append([]byte(`{"groups":["a"],`), idp.JSON(id)[1:]...)), want: Malformed},
		{number: 45, name: "email_verified false", token: one.Token(id.With("email_verified", false))},
		{number: 45, name: "email_verified true", token: one.Token(id.With("email_verified", true))},
		{number: 46, name: "nonce in an access token, amr of a certificate", token: one.Token(access.With("amr", []string{"sc"})), check: holds("amr", "sc")},
		{number: 46, name: "amr with a second factor", token: one.Token(id.With("amr", []string{"pwd", "mfa"})), check: holds("amr", "pwd", "mfa")},
		{number: 48, name: "refresh token", token: "aPmEUsKb4H7oYt3xWnNqL9zRj2VcDd5f", want: Malformed},
		{number: 48, name: "empty", token: "", want: Malformed},
		{number: 49, name: "authentik API token", token: strings.Repeat("k7Qx", 15), want: Malformed},
	}
	for _, sub := range []string{strings.Repeat("ab", 32), "7", "0b9d2b5e-6f5c-4d21-9a5e-54d7a1a8a001", "alice", "alice@example.com", "Ålice Ünïcode 山田", "*", "${jwt:sub}"} {
		list = append(list, variant{number: 27, name: "sub " + sub, token: one.Token(id.With("sub", sub)), check: subject(sub)})
	}
	return list
}

// variantsElsewhere names the tests of variants that need more than a token.
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
	one, enc := idp.RSAKey(0, idp.KidOne), idp.RSAKey(2, "enc-key")
	kid86 := &idp.Key{Kid: strings.Repeat("Ab-_", 21) + "xy", Alg: "RS256", Private: one.Private}
	set := idp.JWKS(one.JWK(), kid86.JWK(), enc.JWK("use", "enc", "alg", "RSA-OAEP-256", "enc", "A256CBC-HS512"),
		idp.ECKey("ES256", "ec256").JWK(), idp.ECKey("ES384", "ec384").JWK(), idp.ECKey("ES512", "ec521").JWK(), idp.EdKey("ed").JWK())
	for _, c := range variants() {
		t.Run(fmt.Sprintf("%d %s", c.number, c.name), func(t *testing.T) {
			var adjust []func(*Options)
			if c.adjust != nil {
				adjust = append(adjust, c.adjust)
			}
			v := offline(t, set, adjust...)
			// Twice: the cached result must equal the first result.
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
				v.cache.good.cache.Wait()
				v.cache.bad.cache.Wait()
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
