package verifier

import (
	"encoding/base64"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/claimgate/claimgate/internal/strictjson"
)

// The gate refuses whatever has two readings before a library sees it: the
// table in README.md shows which libraries accept what it refuses. Nothing that
// must not be ever depends on a library's defaults.

// gated is a token that has passed the gate. Nothing of it is proven yet.
type gated struct {
	alg, kid  string
	payload   *strictjson.Document
	signed    []byte // header and payload as received, the input of the signature
	signature []byte
}

// base64url without padding, refusing the stray bits of a last character that
// would give one token several spellings (RFC 7515 section 2).
var base64url = base64.RawURLEncoding.Strict()

// gate takes a token apart. It reads the header, not yet the claims. types are
// the values that typ may have.
func gate(token string, maxToken int, types []string) (*gated, *Error) {
	g, payload, err := split(token, maxToken, types)
	if err != nil {
		return nil, err
	}
	var syntax error
	if g.payload, syntax = strictjson.Parse(payload); syntax != nil {
		return nil, refuse(Malformed, "the payload is not strict JSON: "+syntax.Error())
	}
	if g.payload.Root().Kind() != strictjson.Object {
		return nil, refuse(Malformed, "the payload is not an object")
	}
	return g, nil
}

// split takes a compact JWS apart (RFC 7515 section 5.2), whatever its payload.
func split(token string, maxToken int, types []string) (*gated, []byte, *Error) {
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
		return nil, nil, refuse(Malformed, "the token does not have three parts; an opaque token, an app password or an API token is none")
	}
	header, err := segment(head)
	if err != nil {
		return nil, nil, refuse(Malformed, "the header is not canonical base64url")
	}
	g := new(gated)
	if err := g.readHeader(header, types); err != nil {
		return nil, nil, err
	}
	payload, err := segment(body)
	if err != nil {
		return nil, nil, refuse(Malformed, "the payload is not canonical base64url")
	}
	if g.signature, err = segment(sig); err != nil || len(g.signature) == 0 {
		return nil, nil, refuse(Malformed, "the signature is empty or not canonical base64url")
	}
	g.signed = bytesOf(token[:len(head)+1+len(body)])
	return g, payload, nil
}

var errLineBreak = errors.New("a line break")

// segment decodes one part. The decoder of encoding/base64 skips line breaks,
// which would give one token several spellings too.
func segment(s string) ([]byte, error) {
	if strings.IndexByte(s, '\r') >= 0 || strings.IndexByte(s, '\n') >= 0 {
		return nil, errLineBreak
	}
	return base64url.DecodeString(s)
}

// twin finds a member whose name differs from one that is read only by case.
// encoding/json and all that builds on it would take one for the other.
func twin(object strictjson.Value, read []string) (string, bool) {
	for name := range object.Members() {
		n := name.View()
		ascii := isASCII(n)
		for _, r := range read {
			// Only a letter beyond ASCII, such as the long s, folds to one of another length.
			if (len(n) == len(r) || !ascii) && n != r && strings.EqualFold(n, r) {
				return r, true
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
