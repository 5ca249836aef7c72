package verifier

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/verifier/internal/base64url"
	"github.com/claimgate/claimgate/verifier/internal/quote"
	"github.com/claimgate/claimgate/verifier/jwks"
)

// The strict reading of the compact form (RFC 7515 section 7.1) refuses every token
// with two readings before a library sees the token. README.md shows which libraries
// accept the tokens that are refused here.

// accessTypes are the values that typ may have. typ may also be absent. Authentik writes
// JWT for ID tokens and access tokens; at+jwt is RFC 9068.
var accessTypes = []string{"JWT", "at+jwt"}

// headerNames are the header members that are read, or refused if present.
var headerNames = []string{"alg", "typ", "kid", "crit", "b64", "jwk", "jku", "x5u", "cty", "zip", "enc"}

// refusedHeaders change how a token is read, or contain a key that the sender chose (RFC
// 7515 section 4.1, RFC 7797, RFC 7516). crit is refused with every value, because no
// extension is supported.
var refusedHeaders = []string{"crit", "b64", "jwk", "jku", "x5u", "cty", "zip", "enc"}

// compact is a token that has passed the strict reading. Its signature is not checked.
type compact struct {
	alg, kid  string
	payload   *strictjson.Document
	signed    []byte // header and payload as received: the input of the signature
	signature []byte
}

// parseCompact splits a token and reads its header; it parses the payload but reads
// no claim. types are the values that typ may have.
func parseCompact(token string, maxToken int, types []string) (*compact, *Error) {
	c, payload, err := splitCompact(token, maxToken, types)
	if err != nil {
		return nil, err
	}
	var syntax error
	if c.payload, syntax = strictjson.Parse(payload); syntax != nil {
		return nil, refuse(Malformed, "the payload is not strict JSON: "+syntax.Error())
	}
	if c.payload.Root().Kind() != strictjson.Object {
		return nil, refuse(Malformed, "the payload is not an object")
	}
	return c, nil
}

// splitCompact splits a compact JWS (RFC 7515 section 5.2) with any payload.
func splitCompact(token string, maxToken int, types []string) (*compact, []byte, *Error) {
	if len(token) > maxToken {
		return nil, nil, refuse(Malformed, "the token is longer than max_token")
	}
	if strings.Count(token, ".") == 4 {
		return nil, nil, &Error{
			Encrypted, "the token has five parts: it is encrypted (JWE)",
			"in Authentik clear \"Encryption Key\" on the OAuth2 provider",
		}
	}
	head, rest, ok1 := strings.Cut(token, ".")
	body, sig, ok2 := strings.Cut(rest, ".")
	if !ok1 || !ok2 || strings.Contains(sig, ".") {
		return nil, nil, refuse(Malformed, "the token does not have three parts: an opaque token, an app password or an API token is no JWT")
	}
	header, err := base64url.Decode(head)
	if err != nil {
		return nil, nil, refuse(Malformed, "the header is not canonical base64url")
	}
	c := new(compact)
	if err := c.readHeader(header, types); err != nil {
		return nil, nil, err
	}
	payload, err := base64url.Decode(body)
	if err != nil {
		return nil, nil, refuse(Malformed, "the payload is not canonical base64url")
	}
	if c.signature, err = base64url.Decode(sig); err != nil || len(c.signature) == 0 {
		return nil, nil, refuse(Malformed, "the signature is empty or not canonical base64url")
	}
	c.signed = bytesOf(token[:len(head)+1+len(body)])
	return c, payload, nil
}

func (c *compact) readHeader(header []byte, types []string) *Error {
	doc, err := strictjson.Parse(header)
	if err != nil {
		return refuse(Malformed, "the header is not strict JSON: "+err.Error())
	}
	root := doc.Root()
	if root.Kind() != strictjson.Object {
		return refuse(Malformed, "the header is not an object")
	}
	if name, found := caseVariant(root, headerNames); found {
		return refuse(Malformed, "the header has a member that differs from "+name+" only by case")
	}
	if err := c.readAlgorithm(root.Get("alg")); err != nil {
		return err
	}
	if typ := root.Get("typ"); typ.Kind() != strictjson.Missing {
		// Media types compare without case (RFC 7515 section 4.1.9).
		fold := func(t string) bool { return strings.EqualFold(t, typ.View()) }
		if !slices.ContainsFunc(types, fold) {
			return refuse(Type, "typ "+quote.Value(typ.View())+" is none of "+strings.Join(types, ", "))
		}
	}
	for _, name := range refusedHeaders {
		if root.Get(name).Kind() != strictjson.Missing {
			return refuse(Malformed, "the header has "+name)
		}
	}
	kid := root.Get("kid")
	if c.kid = kid.Text(); kid.Kind() != strictjson.String || len(c.kid) < 1 || len(c.kid) > jwks.MaxKid {
		return refuse(Malformed, "kid is not a string of 1 to 128 bytes")
	}
	return nil
}

// readAlgorithm is the first check of a header. If alg is not a known asymmetric
// algorithm, nothing else of the token is read (RFC 8725 section 3.1).
func (c *compact) readAlgorithm(v strictjson.Value) *Error {
	if v.Kind() != strictjson.String {
		return refuse(Malformed, "alg is not a string")
	}
	c.alg = v.Text()
	if slices.Contains(Algorithms(), c.alg) {
		return nil
	}
	e := refuse(Algorithm, "alg "+quote.Value(c.alg)+" is not accepted")
	if strings.HasPrefix(c.alg, "HS") {
		e.Hint = "the Authentik provider has no signing key: choose an RSA or EC key as its \"Signing Key\""
	}
	return e
}

// caseVariant finds a member whose name differs from one of names only by case.
// encoding/json, and every library on top of it, treats the two names as equal.
func caseVariant(object strictjson.Value, names []string) (string, bool) {
	for member := range object.Members() {
		m := member.View()
		ascii := isASCII(m)
		for _, name := range names {
			// Only a letter outside ASCII, such as the long s, folds to a letter of another length.
			if (len(m) == len(name) || !ascii) && m != name && strings.EqualFold(m, name) {
				return name, true
			}
		}
	}
	return "", false
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
