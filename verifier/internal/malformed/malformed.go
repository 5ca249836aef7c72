// Package malformed makes tokens that a careless verifier accepts. Each is signed by a
// trusted key. Each has two readings, asks for another reading, or says something that
// no issuer says. The tests of package verifier refuse all of them; the command in
// verifier/matrix shows what libraries do.
package malformed

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// Case is one malformed token.
type Case struct {
	Name   string
	Token  string
	Reason string // why package verifier refuses it
}

// Signer signs malformed tokens with a key that the verifier trusts. The tokens have no
// other fault.
type Signer struct {
	Key              *rsa.PrivateKey
	KeyID            string
	Issuer, Audience string
	Now              time.Time
}

// Plain returns a good token.
func (s Signer) Plain() string { return s.sign(s.header(), s.payload()) }

// Cases returns the malformed tokens, in the order of the table in verifier/README.md.
func (s Signer) Cases() []Case {
	var (
		now  = s.Now.Unix()
		body = s.payload()
		head = func(alg string, more string) string {
			return fmt.Sprintf(`{%s,"typ":"JWT","kid":%q%s}`, alg, s.KeyID, more)
		}
		rs = `"alg":"RS256"`
		// header adds members to the header of a good token; claim replaces text in its payload.
		header = func(name, more, reason string) Case { return Case{name, s.sign(head(rs, more), body), reason} }
		claim  = func(name, old, fresh, reason string) Case {
			return Case{name, s.sign(s.header(), strings.Replace(body, old, fresh, 1)), reason}
		}
		exp  = fmt.Sprintf(`"exp":%d`, now+3600)
		past = fmt.Sprintf(`"exp":%d`, now-3600)
		iat  = fmt.Sprintf(`"iat":%d`, now)
		aud  = fmt.Sprintf(`"aud":%q`, s.Audience)
		iss  = fmt.Sprintf(`"iss":%q`, s.Issuer)
	)
	good := s.Plain()
	parts := strings.Split(good, ".")
	return []Case{
		header("unknown crit extension", `,"crit":["x"],"x":1`, "token_malformed"),
		header("crit []", `,"crit":[]`, "token_malformed"),
		{"b64 false, with crit", s.join(b64(head(rs, `,"b64":false,"crit":["b64"]`)), body), "token_malformed"},
		{"b64 false, without crit", s.join(b64(head(rs, `,"b64":false`)), b64(body)), "token_malformed"},
		header("zip DEF", `,"zip":"DEF"`, "token_malformed"),
		{"duplicate alg: none, RS256", s.sign(head(`"alg":"none",`+rs, ""), body), "token_malformed"},
		{"Alg instead of alg", s.sign(head(`"Alg":"RS256"`, ""), body), "token_malformed"},
		{"alg and ALG", s.sign(head(rs, `,"ALG":"none"`), body), "token_malformed"},
		header("embedded jwk", `,"jwk":{"kty":"RSA","n":"AQAB","e":"AQAB"}`, "token_malformed"),
		claim("duplicate exp: past, future", exp, past+","+exp, "token_malformed"),
		claim("duplicate exp: future, past", exp, exp+","+past, "token_malformed"),
		claim("only EXP", `"exp"`, `"EXP"`, "token_malformed"),
		claim("exp past, EXP future", exp, past+`,"EXP":`+exp[6:], "token_malformed"),
		claim("iss of another, ISS right", iss, `"iss":"https://evil.example/","ISS"`+iss[5:], "token_malformed"),
		claim("exp missing", exp+",", "", "token_claims"),
		claim("exp null", exp, `"exp":null`, "token_claims"),
		claim("exp 0", exp, `"exp":0`, "token_expired"),
		claim("exp negative", exp, `"exp":-1`, "token_claims"),
		claim("exp 1e300", exp, `"exp":1e300`, "token_claims"),
		claim("exp MaxInt64", exp, `"exp":9223372036854775807`, "token_lifetime"),
		claim("exp 1e19", exp, `"exp":10000000000000000000`, "token_claims"),
		claim("exp a list", exp, fmt.Sprintf(`"exp":[%d]`, now+3600), "token_claims"),
		claim("exp a string", exp, fmt.Sprintf(`"exp":"%d"`, now+3600), "token_claims"),
		claim("exp a float", exp, exp+".5", "token_claims"),
		claim("nbf in the future", exp, fmt.Sprintf(`%s,"nbf":%d`, exp, now+3000), "token_not_yet_valid"),
		claim("iat in the future", iat, fmt.Sprintf(`"iat":%d`, now+3000), "token_not_yet_valid"),
		claim("aud a number", aud, `"aud":7`, "token_claims"),
		claim("aud []", aud, `"aud":[]`, "token_audience"),
		claim("iss without its slash", iss, strings.TrimSuffix(iss, `/"`)+`"`, "token_issuer"),
		{"trailing newline", good + "\n", "token_malformed"},
		{"leading space", " " + good, "token_malformed"},
		{"padding with =", s.join(pad(s.header()), pad(body)), "token_malformed"},
		{"JSON after the payload", s.sign(s.header(), body+`{}`), "token_malformed"},
		{"newline inside the payload segment", s.join(parts[0], parts[1][:10]+"\n"+parts[1][10:]), "token_malformed"},
		{"stray bits in the last character", parts[0] + "." + parts[1] + "." + stray(parts[2]), "token_malformed"},
		{"a fourth segment", good + "." + parts[2], "token_malformed"},
		{"BOM before the payload", s.sign(s.header(), "\uFEFF"+body), "token_malformed"},
		{"kid a list", s.sign(fmt.Sprintf(`{%s,"typ":"JWT","kid":[%q]}`, rs, s.KeyID), body), "token_malformed"},
		{"no kid", s.sign(`{`+rs+`,"typ":"JWT"}`, body), "token_malformed"},
		{"typ logout+jwt", s.sign(strings.Replace(s.header(), "JWT", "logout+jwt", 1), body), "token_type"},
		header("jku", `,"jku":"https://evil.example/jwks"`, "token_malformed"),
		header("x5u", `,"x5u":"https://evil.example/cert"`, "token_malformed"),
		claim("nesting of 9,000", exp, exp+`,"x":`+strings.Repeat("[", 9000)+strings.Repeat("]", 9000), "token_malformed"),
		claim("invalid UTF-8 in sub", `"sub":"alice"`, "\"sub\":\"al\xffice\"", "token_malformed"),
	}
}

func (s Signer) header() string { return fmt.Sprintf(`{"alg":"RS256","typ":"JWT","kid":%q}`, s.KeyID) }

func (s Signer) payload() string {
	now := s.Now.Unix()
	return fmt.Sprintf(`{"iss":%q,"sub":"alice","aud":%q,"exp":%d,"iat":%d,"groups":["a"]}`, s.Issuer, s.Audience, now+3600, now)
}

func (s Signer) sign(header, payload string) string { return s.join(b64(header), b64(payload)) }

// join signs two segments as they are.
func (s Signer) join(header, payload string) string {
	text := header + "." + payload
	digest := sha256.Sum256([]byte(text))
	signature, _ := rsa.SignPKCS1v15(rand.Reader, s.Key, crypto.SHA256, digest[:]) // only a broken key fails, and then the tests refuse Plain
	return text + "." + b64(string(signature))
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// pad adds spaces until the encoding needs padding, and encodes with padding.
func pad(s string) string {
	return base64.URLEncoding.EncodeToString([]byte(s + strings.Repeat(" ", (4-len(s)%3)%3)))
}

// stray sets the lowest bit of the last character. Lenient decoders ignore this bit: of
// 256 bytes, the last character holds only two bits.
func stray(segment string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, segment[len(segment)-1])
	return segment[:len(segment)-1] + string(alphabet[last|1])
}
