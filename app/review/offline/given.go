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

// standIn is the URL of the issuer that stands for the n-th configured issuer in the verifier that reads
// claims. An issuer that is not configured has the number of the configured ones.
func standIn(n int) string { return fmt.Sprintf("https://issuer.invalid/%d/", n) }

// given takes the word of a token for what it says.
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

// identity reads claims by the verifier's own code, with what can only be
// judged at the time of the request put right first.
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

// issuers tells an issuer's name by its URL.
type issuers struct {
	configured []Issuer
	otherwise  string // the name of every URL where none is configured
}

// Issuer is a configured issuer.
type Issuer struct {
	Name, URL, UsernameClaim string
	GroupsPath               []string // empty: groups
}

// named returns the name and the number of the issuer with a URL.
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

// groupsPath returns the names that lead to the groups in tokens of the issuer with a name.
func (i issuers) groupsPath(name string) []string {
	for _, c := range i.configured {
		if c.Name == name && len(c.GroupsPath) > 0 {
			return c.GroupsPath
		}
	}
	return []string{"groups"}
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
