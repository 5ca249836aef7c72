package gateway

import "github.com/claimgate/claimgate/internal/strictjson"

// Claims are the claims of the credential that signed a request. ClaimsOf and ClaimPlaces.In make them, so that the
// claims which tell the kind of a credential are always found. The zero Claims are those of an anonymous request.
type Claims struct {
	strictjson.Value // an object, or null for an anonymous request
	found            [claims]strictjson.Value
}

// The claims that tell the kind of a credential.
const (
	claimIss = iota
	claimSub
	claimSID
	claimExp
	claimSAPolicy
	claimProvider
	claimParent
	claimSessionPolicy
	claims // how many there are
)

var claimNames = [claims]string{
	claimIss: "iss", claimSub: "sub", claimSID: "sid", claimExp: "exp", claimSAPolicy: "sa-policy", claimProvider: "oidc_provider",
	claimParent: "parent", claimSessionPolicy: "sessionPolicy",
}

// ClaimsOf returns the claims that v holds. v is an object, or null.
func ClaimsOf(v strictjson.Value) Claims {
	c := Claims{Value: v}
	for n, name := range claimNames {
		c.found[n] = v.Get(name)
	}
	return c
}

// ClaimPlaces is where claims are in their document.
type ClaimPlaces struct {
	object strictjson.Place
	found  [claims]strictjson.Place
}

// Places returns where the claims are.
func (c *Claims) Places() ClaimPlaces {
	p := ClaimPlaces{object: c.Place()}
	for n, v := range c.found {
		p.found[n] = v.Place()
	}
	return p
}

// In returns the claims at the same places of a document that resembles the one of p.
func (p *ClaimPlaces) In(doc *strictjson.Document) Claims {
	c := Claims{Value: doc.At(p.object)}
	for n, place := range p.found {
		c.found[n] = doc.At(place)
	}
	return c
}
