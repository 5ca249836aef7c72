package verifier

import (
	"bytes"
	"crypto"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/verifier/internal/odd"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"pgregory.net/rapid"
)

// oddParts are seeds: every odd token, taken apart.
func oddParts(f *testing.F, add func(header, payload []byte)) {
	f.Helper()
	s := odd.Signer{Key: rsaPrivate[0](), KeyID: kidOne, Issuer: issuerURL, Audience: clientID, Now: testNow}
	for _, c := range s.Cases() {
		parts := strings.Split(c.Token, ".")
		header, err1 := base64url.DecodeString(parts[0])
		payload, err2 := base64url.DecodeString(parts[1])
		if err1 == nil && err2 == nil {
			add(bytes.ReplaceAll(header, []byte("RS256"), []byte("EdDSA")), payload)
		}
	}
}

// What passes the gate has one spelling and one reading: that of encoding/json,
// which matches the names of members without regard to case.
func FuzzGate(f *testing.F) {
	s := odd.Signer{Key: rsaPrivate[0](), KeyID: kidOne, Issuer: issuerURL, Audience: clientID, Now: testNow}
	f.Add(s.Plain())
	for _, c := range s.Cases() {
		f.Add(c.Token)
	}
	for _, c := range variants() {
		f.Add(c.token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		g, err := gate(token, 16<<10, tokenTypes)
		if (g == nil) == (err == nil) {
			t.Fatalf("token and error, or neither: %v", err)
		}
		if err != nil {
			return
		}
		parts := strings.Split(token, ".")
		header, err1 := base64url.DecodeString(parts[0])
		payload := g.payload.Root().Raw()
		if len(parts) != 3 || err1 != nil || b64(header) != parts[0] || b64(g.signature) != parts[2] || !strings.HasPrefix(token, string(g.signed)+".") {
			t.Error("the token has another spelling")
		}
		var h struct {
			Alg, Kid, Typ                           string
			Crit, B64, JWK, JKU, X5U, Cty, Zip, Enc any
		}
		if err := json.Unmarshal(header, &h); err != nil || h.Alg != g.alg || h.Kid != g.kid || !slices.Contains(Algorithms(), g.alg) {
			t.Errorf("encoding/json reads alg %q, kid %q, the gate %q, %q: %v", h.Alg, h.Kid, g.alg, g.kid, err)
		}
		if h.Crit != nil || h.B64 != nil || h.JWK != nil || h.JKU != nil || h.X5U != nil || h.Cty != nil || h.Zip != nil || h.Enc != nil {
			t.Error("the header asks for another reading")
		}
		if len(g.kid) < 1 || len(g.kid) > maxKid {
			t.Errorf("a kid of %d bytes", len(g.kid))
		}
		if !json.Valid(payload) {
			t.Error("the payload is no JSON to encoding/json")
		}
	})
}

// Whatever a key set holds, the keys that count are the ones jwx reads there,
// are for signatures, and are fit for the algorithms they are given.
func FuzzKeySet(f *testing.F) {
	one := rsaKey(0, kidOne)
	f.Add(jwksOf(one, ecKey("ES256", "a"), ecKey("ES384", "b"), ecKey("ES512", "c"), edKey("d")))
	f.Add(jwks(one.jwk("use", "enc"), one.jwk("d", "AQAB"), one.jwk("alg", "ES256"), edKey("x").jwk("crv", "X25519")))
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := parseKeySet(data)
		if (set == nil) == (err == nil) {
			t.Fatalf("set and error, or neither: %v", err)
		}
		if err != nil {
			return
		}
		var read struct{ Keys []json.RawMessage }
		if err := json.Unmarshal(data, &read); err != nil {
			t.Fatalf("encoding/json can't read it: %v", err)
		}
		if n := set.size(); n < 1 || n > len(read.Keys) || n > maxKeys {
			t.Errorf("%d keys of %d", n, len(read.Keys))
		}
		theirs := make(map[string][]crypto.PublicKey)
		for _, raw := range read.Keys {
			var plain map[string]any
			_ = json.Unmarshal(raw, &plain)
			for _, extra := range []string{"x5c", "x5t", "x5t#S256", "x5u", "alg", "use", "key_ops"} {
				delete(plain, extra)
			}
			var public any
			if k, err := jwk.ParseKey(toJSON(plain)); err == nil && jwk.Export(k, &public) == nil {
				kid, _ := k.KeyID()
				theirs[kid] = append(theirs[kid], public)
			}
		}
		for kid, keys := range set.byKid {
			for _, k := range keys {
				same := func(p crypto.PublicKey) bool {
					return p.(interface{ Equal(crypto.PublicKey) bool }).Equal(k.public)
				}
				if !slices.ContainsFunc(theirs[kid], same) {
					t.Errorf("jwx does not read the key of kid %q", kid)
				}
				if k.kid != kid || len(k.algorithms) == 0 || slices.ContainsFunc(k.algorithms, func(a string) bool { return !slices.Contains(Algorithms(), a) }) {
					t.Errorf("kid %q under %q, for %v", k.kid, kid, k.algorithms)
				}
			}
		}
	})
}

// Whatever header and payload the trusted key signs: what is accepted here, jwx
// accepts with that key and algorithm, and reads the same in it.
func FuzzVerify(f *testing.F) {
	ed := edKey(kidOne)
	oddParts(f, func(header, payload []byte) { f.Add(header, payload) })
	head := toJSON(map[string]any{"alg": "EdDSA", "typ": "JWT", "kid": kidOne})
	f.Add(head, toJSON(idClaims(testNow)))
	for _, c := range variants() {
		if parts := strings.Split(c.token, "."); len(parts) == 3 {
			if payload, err := base64url.DecodeString(parts[1]); err == nil {
				f.Add(head, payload)
			}
		}
	}
	v := offline(f, jwksOf(ed))
	f.Fuzz(func(t *testing.T, header, payload []byte) {
		token := ed.compact(header, payload)
		id, err := v.Verify(t.Context(), token, Presented{})
		if err != nil {
			if ReasonOf(err) == "" || id != nil {
				t.Errorf("refused without a reason, or with an identity: %v", err)
			}
			return
		}
		read, err := jws.Verify([]byte(token), jws.WithKey(jwa.EdDSA(), ed.private.Public()))
		if err != nil {
			t.Fatalf("jwx refuses it: %v", err)
		}
		var c struct {
			Iss, Sub         string
			Exp, Iat         int64
			Aud              any
			Events, Cnf, Act any
		}
		if err := json.Unmarshal(read, &c); err != nil {
			t.Fatalf("encoding/json can't read it: %v", err)
		}
		if c.Iss != issuerURL || c.Sub != id.Subject || c.Exp != id.Expires.Unix() || (c.Iat != id.IssuedAt.Unix() && !id.IssuedAt.IsZero()) {
			t.Errorf("encoding/json reads %+v, here it is %+v", c, id)
		}
		if list, ok := c.Aud.([]any); c.Aud != clientID && (!ok || !slices.Contains(list, any(clientID))) {
			t.Errorf("accepted for %v", c.Aud)
		}
		if c.Sub == "" || c.Exp <= testNow.Unix()-30 || c.Exp > testNow.Unix()+24*3600+30 || c.Iat > testNow.Unix()+30 || c.Events != nil || c.Cnf != nil || c.Act != nil {
			t.Errorf("accepted although the package comment refuses it: %+v", c)
		}
	})
}

// No change of a valid token's bytes is accepted.
func TestNoMutationIsAccepted(t *testing.T) {
	for _, k := range []*testKey{rsaKey(0, "rsa"), ecKey("ES256", "ec"), ecKey("ES512", "ec521"), edKey("ed")} {
		v := offline(t, jwksOf(k))
		token := k.token(idClaims(testNow))
		if _, err := v.Verify(t.Context(), token, Presented{}); err != nil {
			t.Fatal(err)
		}
		alphabet := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\x00é"
		rapid.Check(t, func(r *rapid.T) {
			text := []byte(token)
			for range rapid.IntRange(1, 3).Draw(r, "changes") {
				at := rapid.IntRange(0, len(text)-1).Draw(r, "at")
				c := rapid.SampledFrom([]byte(alphabet)).Draw(r, "byte")
				switch rapid.IntRange(0, 4).Draw(r, "how") {
				case 0:
					text[at] = c
				case 1:
					text = slices.Insert(text, at, c)
				case 2:
					text = slices.Delete(text, at, at+1)
				case 3:
					other := rapid.IntRange(0, len(text)-1).Draw(r, "other")
					text[at], text[other] = text[other], text[at]
				case 4:
					text[at] ^= 1 << rapid.IntRange(0, 7).Draw(r, "bit")
				}
			}
			if string(text) == token {
				return
			}
			if _, err := v.Verify(t.Context(), string(text), Presented{}); err == nil {
				r.Fatalf("accepted after a change")
			}
		})
	}
}

// Members that nobody reads, in the header or the payload, change no decision,
// and neither does whether the token is remembered.
func TestUnreadMembersDecideNothing(t *testing.T) {
	ed := edKey(kidOne)
	v := offline(t, jwksOf(ed))
	name := rapid.StringMatching(`x-[a-z]{1,8}`)
	value := rapid.SampledFrom([]any{nil, true, 1, 1.5, "a", []any{"a", 1}, map[string]any{"exp": 1}})
	rapid.Check(t, func(r *rapid.T) {
		c := idClaims(testNow).with(
			rapid.SampledFrom([]string{"exp", "iat", "aud", "sub", "iss", "azp", "x"}).Draw(r, "claim"),
			rapid.SampledFrom([]any{drop, nil, 1, testNow.Unix(), testNow.Unix() + 60, "a", clientID, issuerURL, []string{clientID}}).Draw(r, "value"),
		)
		_, err1 := v.Verify(t.Context(), ed.token(c), Presented{})
		token := ed.token(c.with(name.Draw(r, "extra claim"), value.Draw(r, "of")), name.Draw(r, "extra member"), value.Draw(r, "of"))
		_, err2 := v.Verify(t.Context(), token, Presented{})
		v.good.cache.Wait()
		_, err3 := v.Verify(t.Context(), token, Presented{})
		if ReasonOf(err1) != ReasonOf(err2) || ReasonOf(err2) != ReasonOf(err3) {
			r.Fatalf("plain %v, with more %v, remembered %v", err1, err2, err3)
		}
	})
}
