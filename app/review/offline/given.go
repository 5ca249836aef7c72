package offline

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/verifier"
)

// everybody is the one issuer of the verifier that reads claims for us.
const everybody = "https://issuer.invalid/"

// given takes the word of a token for what it says.
type given struct {
	reader  *verifier.Verifier
	issuers issuers
}

func newGiven(names issuers) (*given, error) {
	v, err := verifier.New(verifier.Options{
		TokenBytes: 64 << 10,
		Issuers: []verifier.Issuer{{
			Name: "given", URL: everybody, Audiences: []string{everybody}, Algorithms: []string{"RS256"},
			UsernameClaim: "preferred_username", Leeway: time.Minute, MaxLifetime: 24 * time.Hour,
			Refresh: time.Hour, RefetchCooldown: time.Minute, MaxStale: time.Hour,
		}},
	})
	return &given{v, names}, err
}

// Verify implements gateway.Tokens.
func (g *given) Verify(_ context.Context, token string, _ verifier.Presented) (*verifier.Identity, error) {
	parts := strings.Split(token, ".")
	if len(parts) == 5 {
		return nil, &verifier.Error{Reason: verifier.Encrypted, Detail: "the token is encrypted", Hint: "clear Encryption Key of the Authentik provider"}
	}
	if len(parts) != 3 {
		return nil, &verifier.Error{Reason: verifier.Malformed, Detail: "the token does not have three parts"}
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, &verifier.Error{Reason: verifier.Malformed, Detail: "the token's claims are not base64url"}
	}
	return g.identity(claims, verifier.Malformed)
}

// Attested implements gateway.Tokens.
func (g *given) Attested(claims []byte, _ time.Duration) (*verifier.Identity, error) {
	return g.identity(claims, verifier.Untrusted)
}

// identity reads claims by the verifier's own code, with what can only be
// judged at the time of the request put right first.
func (g *given) identity(claims []byte, refused verifier.Reason) (*verifier.Identity, error) {
	doc, err := strictjson.Parse(claims)
	if err != nil || doc.Root().Kind() != strictjson.Object {
		return nil, &verifier.Error{Reason: refused, Detail: "the claims are not a strict JSON object"}
	}
	iss := doc.Root().Get("iss").Text()
	name, username, known := g.issuers.named(iss)
	if !known {
		reason := verifier.WrongIssuer
		if refused == verifier.Untrusted {
			reason = refused
		}
		return nil, &verifier.Error{Reason: reason, Detail: "iss is " + iss + ", which is no configured issuer"}
	}
	now := time.Now()
	members := map[string]any{
		"iss": everybody, "aud": everybody, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	for member, value := range doc.Root().Members() {
		switch text := member.Text(); text {
		case "iss", "aud", "azp", "exp", "iat", "nbf", "act", "cnf", "events":
		default:
			members[text] = json.RawMessage(value.Raw())
		}
	}
	changed, err := json.Marshal(members)
	if err != nil {
		return nil, &verifier.Error{Reason: refused, Detail: err.Error()}
	}
	id, err := g.reader.Attested(changed, 0)
	if err != nil {
		if refused == verifier.Malformed {
			return nil, &verifier.Error{Reason: verifier.BadClaims, Detail: err.Error()}
		}
		return nil, err
	}
	id.Issuer, id.IssuerURL = name, iss
	id.Username = doc.Root().Get(username).Text()
	return id, nil
}

// issuers tells an issuer's name by its URL.
type issuers struct {
	configured []Issuer
	otherwise  string // the name of every URL where none is configured
}

// Issuer is a configured issuer.
type Issuer struct{ Name, URL, UsernameClaim string }

func (i issuers) named(url string) (name, username string, known bool) {
	for _, c := range i.configured {
		if c.URL == url {
			return c.Name, c.UsernameClaim, true
		}
	}
	if name, found := strings.CutPrefix(url, madeUp); found {
		return name, "preferred_username", len(i.configured) == 0
	}
	return i.otherwise, "preferred_username", len(i.configured) == 0
}

// url is the iss of an issuer's tokens; where it is not configured, one that
// leads back to the name.
func (i issuers) url(name string) string {
	for _, c := range i.configured {
		if c.Name == name {
			return c.URL
		}
	}
	return madeUp + name
}

const madeUp = "https://issuer.invalid/?name="
