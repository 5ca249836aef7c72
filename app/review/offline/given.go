package offline

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/verifier"
)

// standIn returns the URL that stands for the n-th configured issuer in the verifier of given. n is the number
// of configured issuers for an issuer that is not configured.
func standIn(n int) string { return fmt.Sprintf("https://issuer.invalid/%d/", n) }

// given implements gateway.Tokens. It takes the claims of a token as true, without a signature.
type given struct {
	reader  *verifier.Verifier
	issuers issuers
}

func newGiven(names issuers) (*given, error) {
	o := verifier.Options{TokenBytes: 64 << 10}
	for n := range len(names.configured) + 1 {
		i := verifier.Issuer{
			Name: strconv.Itoa(n), URL: standIn(n), Audiences: []string{standIn(n)}, Algorithms: []string{"RS256"},
			UsernameClaim: "preferred_username", Leeway: time.Minute, MaxLifetime: 24 * time.Hour,
			Refresh: time.Hour, RefetchCooldown: time.Minute, MaxStale: time.Hour,
		}
		if n < len(names.configured) {
			i.UsernameClaim, i.GroupsPath = names.configured[n].UsernameClaim, names.configured[n].GroupsPath
		}
		o.Issuers = append(o.Issuers, i)
	}
	v, err := verifier.New(o)
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

// identity reads claims with the code of package verifier. First it replaces or removes the claims that only the
// running server can check, such as the audience and the times. refused is the reason if the claims are not JSON.
func (g *given) identity(claims []byte, refused verifier.Reason) (*verifier.Identity, error) {
	doc, err := strictjson.Parse(claims)
	if err != nil || doc.Root().Kind() != strictjson.Object {
		return nil, &verifier.Error{Reason: refused, Detail: "the claims are not a strict JSON object"}
	}
	iss := doc.Root().Get("iss").Text()
	name, n, known := g.issuers.named(iss)
	if !known {
		reason := verifier.WrongIssuer
		if refused == verifier.Untrusted {
			reason = refused
		}
		return nil, &verifier.Error{Reason: reason, Detail: "iss is " + iss + ", which is no configured issuer"}
	}
	now := time.Now()
	members := map[string]any{
		"iss": standIn(n), "aud": standIn(n), "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
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
	return id, nil
}

// issuers finds issuers by URL or by name.
type issuers struct {
	configured []Issuer
	otherwise  string // the name of every URL if no issuer is configured
}

// Issuer is a configured issuer.
type Issuer struct {
	Name, URL, UsernameClaim string
	GroupsPath               []string // the path to the groups in the claims; default: the claim groups
}

// named returns the name and the number of the issuer with the URL.
func (i issuers) named(url string) (name string, n int, known bool) {
	for n, c := range i.configured {
		if c.URL == url {
			return c.Name, n, true
		}
	}
	if name, found := strings.CutPrefix(url, madeUp); found {
		return name, len(i.configured), len(i.configured) == 0
	}
	return i.otherwise, len(i.configured), len(i.configured) == 0
}

// groupsPath returns the path to the groups in the claims of the issuer with the name.
func (i issuers) groupsPath(name string) []string {
	for _, c := range i.configured {
		if c.Name == name && len(c.GroupsPath) > 0 {
			return c.GroupsPath
		}
	}
	return []string{"groups"}
}

// url returns the iss in tokens of the issuer with the name. For an issuer that is not configured, named turns
// the URL into the name again.
func (i issuers) url(name string) string {
	for _, c := range i.configured {
		if c.Name == name {
			return c.URL
		}
	}
	return madeUp + name
}

const madeUp = "https://issuer.invalid/?name="
