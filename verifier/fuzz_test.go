package verifier

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"github.com/claimgate/claimgate/verifier/internal/base64url"
	"github.com/claimgate/claimgate/verifier/internal/malformed"
	"github.com/claimgate/claimgate/verifier/jwks"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"
	"pgregory.net/rapid"
)

// malformedParts adds the header and payload of every malformed token as seeds.
func malformedParts(f *testing.F, add func(header, payload []byte)) {
	f.Helper()
	s := malformed.Signer{Key: idp.RSAPrivate(0), KeyID: idp.KidOne, Issuer: idp.URL, Audience: idp.ClientID, Now: idp.Now}
	for _, c := range s.Cases() {
		parts := strings.Split(c.Token, ".")
		header, err1 := base64url.Decode(parts[0])
		payload, err2 := base64url.Decode(parts[1])
		if err1 == nil && err2 == nil {
			add(bytes.ReplaceAll(header, []byte("RS256"), []byte("EdDSA")), payload)
		}
	}
}

// A token that parseCompact accepts has one spelling and one reading. encoding/json, which ignores
// case in the names of members, reads the same.
func FuzzCompact(f *testing.F) {
	s := malformed.Signer{Key: idp.RSAPrivate(0), KeyID: idp.KidOne, Issuer: idp.URL, Audience: idp.ClientID, Now: idp.Now}
	f.Add(s.Plain())
	for _, c := range s.Cases() {
		f.Add(c.Token)
	}
	for _, c := range variants() {
		f.Add(c.token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		g, err := parseCompact(token, 16<<10, accessTypes)
		if (g == nil) == (err == nil) {
			t.Fatalf("token and error, or neither: %v", err)
		}
		if err != nil {
			return
		}
		parts := strings.Split(token, ".")
		header, err1 := base64url.Decode(parts[0])
		payload := g.payload.Root().Raw()
		if len(parts) != 3 || err1 != nil || idp.B64(header) != parts[0] || idp.B64(g.signature) != parts[2] || !strings.HasPrefix(token, string(g.signed)+".") {
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
		if len(g.kid) < 1 || len(g.kid) > jwks.MaxKid {
			t.Errorf("a kid of %d bytes", len(g.kid))
		}
		if !json.Valid(payload) {
			t.Error("the payload is no JSON to encoding/json")
		}
	})
}

// For any header and payload that the trusted key signs: if Verify accepts the token, jwx accepts
// it with that key and algorithm, and encoding/json reads the same claims.
func FuzzVerify(f *testing.F) {
	ed := idp.EdKey(idp.KidOne)
	malformedParts(f, func(header, payload []byte) { f.Add(header, payload) })
	head := idp.JSON(map[string]any{"alg": "EdDSA", "typ": "JWT", "kid": idp.KidOne})
	f.Add(head, idp.JSON(idp.IDClaims(idp.Now)))
	for _, c := range variants() {
		if parts := strings.Split(c.token, "."); len(parts) == 3 {
			if payload, err := base64url.Decode(parts[1]); err == nil {
				f.Add(head, payload)
			}
		}
	}
	v := offline(f, idp.JWKSOf(ed))
	f.Fuzz(func(t *testing.T, header, payload []byte) {
		token := ed.Compact(header, payload)
		id, err := v.Verify(t.Context(), token, Presented{})
		if err != nil {
			if ReasonOf(err) == "" || id != nil {
				t.Errorf("refused without a reason, or with an identity: %v", err)
			}
			return
		}
		read, err := jws.Verify([]byte(token), jws.WithKey(jwa.EdDSA(), ed.Private.Public()))
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
		if c.Iss != idp.URL || c.Sub != id.Subject || c.Exp != id.Expires.Unix() || (c.Iat != id.IssuedAt.Unix() && !id.IssuedAt.IsZero()) {
			t.Errorf("encoding/json reads %+v, here it is %+v", c, id)
		}
		if list, ok := c.Aud.([]any); c.Aud != idp.ClientID && (!ok || !slices.Contains(list, any(idp.ClientID))) {
			t.Errorf("accepted for %v", c.Aud)
		}
		if c.Sub == "" || c.Exp <= idp.Now.Unix()-30 || c.Exp > idp.Now.Unix()+24*3600+30 || c.Iat > idp.Now.Unix()+30 || c.Events != nil || c.Cnf != nil || c.Act != nil {
			t.Errorf("accepted although the package comment refuses it: %+v", c)
		}
	})
}

// A valid token is refused after any change of its bytes.
func TestNoMutationIsAccepted(t *testing.T) {
	for _, k := range []*idp.Key{idp.RSAKey(0, "rsa"), idp.ECKey("ES256", "ec"), idp.ECKey("ES512", "ec521"), idp.EdKey("ed")} {
		v := offline(t, idp.JWKSOf(k))
		token := k.Token(idp.IDClaims(idp.Now))
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

// Members of the header or payload that the verifier does not read change no decision. Caching
// changes no decision either.
func TestUnreadMembersDecideNothing(t *testing.T) {
	ed := idp.EdKey(idp.KidOne)
	v := offline(t, idp.JWKSOf(ed))
	name := rapid.StringMatching(`x-[a-z]{1,8}`)
	value := rapid.SampledFrom([]any{nil, true, 1, 1.5, "a", []any{"a", 1}, map[string]any{"exp": 1}})
	rapid.Check(t, func(r *rapid.T) {
		c := idp.IDClaims(idp.Now).With(
			rapid.SampledFrom([]string{"exp", "iat", "aud", "sub", "iss", "azp", "x"}).Draw(r, "claim"),
			rapid.SampledFrom([]any{idp.Drop, nil, 1, idp.Now.Unix(), idp.Now.Unix() + 60, "a", idp.ClientID, idp.URL, []string{idp.ClientID}}).Draw(r, "value"),
		)
		_, err1 := v.Verify(t.Context(), ed.Token(c), Presented{})
		token := ed.Token(c.With(name.Draw(r, "extra claim"), value.Draw(r, "of")), name.Draw(r, "extra member"), value.Draw(r, "of"))
		_, err2 := v.Verify(t.Context(), token, Presented{})
		v.cache.good.cache.Wait()
		_, err3 := v.Verify(t.Context(), token, Presented{})
		if ReasonOf(err1) != ReasonOf(err2) || ReasonOf(err2) != ReasonOf(err3) {
			r.Fatalf("plain %v, with more %v, remembered %v", err1, err2, err3)
		}
	})
}
