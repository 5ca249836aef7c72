package verifier

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/internal/strictjson"
)

// What typ may be; it may be absent, too. Authentik writes JWT for ID and access
// tokens alike, at+jwt is RFC 9068. Its logout tokens are logout+jwt since
// 2026.2 only (OpenID Connect Back-Channel Logout 1.0 section 2.4).
var (
	tokenTypes  = []string{"JWT", "at+jwt"}
	logoutTypes = []string{"JWT", "logout+jwt"}
)

// Members of the header that are acted on, or whose presence is refused.
var headerNames = []string{"alg", "typ", "kid", "crit", "b64", "jwk", "jku", "x5u", "cty", "zip", "enc"}

// Each of these asks for the token to be read another way, or brings a key of
// the sender's own (RFC 7515 section 4.1, RFC 7797, RFC 7516). crit is refused
// whatever it names: no extension is understood here.
var headerRefused = []string{"crit", "b64", "jwk", "jku", "x5u", "cty", "zip", "enc"}

func (g *gated) readHeader(header []byte, types []string) *Error {
	doc, err := strictjson.Parse(header)
	if err != nil {
		return refuse(Malformed, "the header is not strict JSON: "+err.Error())
	}
	root := doc.Root()
	if root.Kind() != strictjson.Object {
		return refuse(Malformed, "the header is not an object")
	}
	if name, found := twin(root, headerNames); found {
		return refuse(Malformed, "the header has a member that differs from "+name+" only by case")
	}
	if err := g.readAlgorithm(root.Get("alg")); err != nil {
		return err
	}
	if typ := root.Get("typ"); typ.Kind() != strictjson.Missing {
		// Media types compare without case (RFC 7515 section 4.1.9).
		fold := func(t string) bool { return strings.EqualFold(t, typ.View()) }
		if !slices.ContainsFunc(types, fold) {
			return refuse(Type, "typ "+quoted(typ.View())+" is none of "+strings.Join(types, ", "))
		}
	}
	for _, name := range headerRefused {
		if root.Get(name).Kind() != strictjson.Missing {
			return refuse(Malformed, "the header has "+name)
		}
	}
	kid := root.Get("kid")
	if g.kid = kid.Text(); kid.Kind() != strictjson.String || len(g.kid) < 1 || len(g.kid) > maxKid {
		return refuse(Malformed, "kid is not a string of 1 to 128 bytes")
	}
	return nil
}

// maxKid is the size of Authentik's column since 2026.2.
const maxKid = 128

// readAlgorithm is the first judgement on any token: an algorithm is asymmetric
// and known, or nothing else of the token is looked at (RFC 8725 section 3.1).
func (g *gated) readAlgorithm(v strictjson.Value) *Error {
	if v.Kind() != strictjson.String {
		return refuse(Malformed, "alg is not a string")
	}
	g.alg = v.Text()
	if slices.Contains(Algorithms(), g.alg) {
		return nil
	}
	e := refuse(Algorithm, "alg "+quoted(g.alg)+" is not accepted")
	if strings.HasPrefix(g.alg, "HS") {
		e.Hint = "the Authentik provider has no signing key: choose an RSA or EC key as its \"Signing Key\""
	}
	return e
}
