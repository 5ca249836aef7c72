package verifier

import (
	"slices"
	"strings"
	"time"

	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/verifier/internal/quote"
)

// claimNames are the claims that are read for every issuer. namesRead adds the configured
// claims.
var claimNames = []string{
	"iss", "sub", "aud", "azp", "exp", "iat", "nbf", "sid", "groups", "policy", "events", "cnf", "act",
}

// judged is a payload that passed step 6: its claims fit the issuer. judgeTime judges its
// times.
type judged struct {
	identity      Identity
	exp, iat, nbf int64
	hasIAT        bool
	hasNBF        bool
}

// farFuture is later than any time in a token, in seconds. It keeps sums of times within
// 64 bits.
const farFuture = 1 << 40

// judge applies step 6 to the claims of a payload.
func (i *Issuer) judge(root strictjson.Value) (*judged, *Error) {
	if err := i.judgeKind(root); err != nil {
		return nil, err
	}
	j := new(judged)
	if err := i.judgeAudience(root); err != nil {
		return nil, err
	}
	if err := i.readIdentity(&j.identity, root); err != nil {
		return nil, err
	}
	var err *Error
	var hasEXP bool
	if j.exp, hasEXP, err = numericDate(root, "exp"); err != nil {
		return nil, err
	}
	if !hasEXP {
		return nil, refuse(BadClaims, "exp is missing")
	}
	if j.iat, j.hasIAT, err = numericDate(root, "iat"); err != nil {
		return nil, err
	}
	if j.nbf, j.hasNBF, err = numericDate(root, "nbf"); err != nil {
		return nil, err
	}
	if j.exp > farFuture || (j.hasIAT && i.exceedsLifetime(j.iat, j.exp)) {
		return nil, i.lifetimeError()
	}
	j.identity.Expires = time.Unix(j.exp, 0)
	if j.hasIAT {
		j.identity.IssuedAt = time.Unix(j.iat, 0)
	}
	return j, nil
}

func (i *Issuer) exceedsLifetime(iat, exp int64) bool {
	return exp > farFuture || exp-iat > int64(i.MaxLifetime/time.Second)
}

func (i *Issuer) lifetimeError() *Error {
	return &Error{
		Lifetime, "exp lies more than max_lifetime (" + i.MaxLifetime.String() + ") ahead",
		"in Authentik shorten \"Access Token validity\" or the validity of the signed claim, or raise max_lifetime",
	}
}

// judgeKind refuses tokens with another purpose than access. Authentik's logout tokens
// had typ JWT until 2026.2, so typ alone does not show the purpose.
func (i *Issuer) judgeKind(root strictjson.Value) *Error {
	if root.Get("events").Kind() != strictjson.Missing {
		return refuse(Type, "the token has events: it is a logout token")
	}
	if root.Get("cnf").Kind() != strictjson.Missing {
		return refuse(Type, "the token has cnf: it is bound to a key, and possession of the key is not proven here")
	}
	if root.Get("act").Kind() != strictjson.Missing && !i.AllowDelegation {
		return &Error{
			Type, "the token has act: it is delegated (RFC 8693)",
			"set allow_delegation = true for this issuer if delegated tokens may act",
		}
	}
	return nil
}

// judgeAudience requires that aud holds one of the audiences, and that azp, if present,
// is one of them.
func (i *Issuer) judgeAudience(root strictjson.Value) *Error {
	azp := root.Get("azp")
	if k := azp.Kind(); k != strictjson.Missing && k != strictjson.String {
		return refuse(BadClaims, "azp is "+k.String())
	}
	aud, ok := stringList(root.Get("aud"), true)
	if !ok {
		return refuse(BadClaims, "aud is neither a string nor a list of strings")
	}
	azpFits := azp.Kind() == strictjson.Missing || slices.Contains(i.Audiences, azp.View())
	for _, a := range aud {
		if azpFits && slices.Contains(i.Audiences, a) {
			return nil
		}
	}
	if !azpFits {
		return refuse(WrongAudience, "azp "+quote.Value(azp.View())+" is not among the audiences")
	}
	e := refuse(WrongAudience, "aud names none of the audiences")
	if len(aud) > 0 {
		e.Detail += ", but " + quote.Value(aud[0])
	}
	if azp.Kind() == strictjson.String {
		e.Hint = "azp fits, so a scope mapping in Authentik replaces aud: remove aud from the mapping, or add its value to audiences"
	}
	return e
}

// readIdentity checks the types of the claims that decisions use, and keeps all claims as
// views of the payload. The payload lives as long as the identity.
func (i *Issuer) readIdentity(id *Identity, root strictjson.Value) *Error {
	id.Issuer, id.IssuerURL = i.Name, i.URL
	sub := root.Get("sub")
	if id.Subject = sub.View(); id.Subject == "" {
		return &Error{
			BadClaims, "sub is not a non-empty string",
			"in Authentik choose a \"Subject mode\" for which every user has a value",
		}
	}
	if sid := root.Get("sid"); sid.Kind() != strictjson.Missing && sid.Kind() != strictjson.String {
		return refuse(BadClaims, "sid is "+sid.Kind().String())
	}
	if g := at(root, i.groupsPath()); g.Kind() != strictjson.Missing {
		var ok bool
		if id.Groups, ok = stringList(g, false); !ok {
			return &Error{
				BadClaims, strings.Join(i.groupsPath(), ".") + " is not a list of strings",
				"let the scope mapping in Authentik return a list of group names, as the default profile mapping does",
			}
		}
	}
	if p := root.Get("policy"); p.Kind() != strictjson.Missing && p.Kind() != strictjson.Null {
		if _, ok := stringList(p, true); !ok {
			return &Error{
				BadClaims, "policy is neither a string nor a list of strings",
				"let the scope mapping in Authentik return policy as a string or a list of strings",
			}
		}
	}
	id.payload = root.Raw()
	id.claims = make([]claim, 0, root.Len())
	for name, v := range root.Members() {
		c := claim{name: name.View()}
		var ok bool
		if v.Kind() != strictjson.Null {
			c.values, ok = stringList(v, true)
			c.other = !ok
		}
		id.claims = append(id.claims, c)
		switch c.name {
		case "sid":
			id.Session = c.values[0]
		}
		if c.name == i.UsernameClaim && v.Kind() == strictjson.String {
			id.Username = c.values[0]
		}
	}
	return nil
}

// stringList reads a list of strings or, if single is set, one string. ok is false for any
// other value. A missing value is an empty list.
func stringList(v strictjson.Value, single bool) ([]string, bool) {
	switch {
	case v.Kind() == strictjson.Missing:
		return nil, true
	case v.Kind() == strictjson.String && single:
		return []string{v.View()}, true
	case v.Kind() != strictjson.Array:
		return nil, false
	}
	list := make([]string, 0, v.Len())
	for e := range v.Elements() {
		if e.Kind() != strictjson.String {
			return nil, false
		}
		list = append(list, e.View())
	}
	return list, true
}

// numericDate reads a NumericDate (RFC 7519 section 2). It must be written as an integer,
// as Authentik does.
func numericDate(root strictjson.Value, name string) (n int64, present bool, _ *Error) {
	v := root.Get(name)
	if v.Kind() == strictjson.Missing {
		return 0, false, nil
	}
	n, ok := v.Int()
	if !ok || n < 0 || (n > farFuture && name != "exp") {
		return 0, false, refuse(BadClaims, name+" is not a whole number of seconds")
	}
	return n, true, nil
}

// judgeTime applies step 7. latest is now, or a later time if the clock was set back:
// an expired token stays expired.
func (i *Issuer) judgeTime(j *judged, now, latest time.Time, maxAge time.Duration) *Error {
	if j.hasIAT && j.identity.IssuedAt.After(now.Add(i.Leeway)) {
		return i.notYetValid("iat")
	}
	if j.hasNBF && time.Unix(j.nbf, 0).After(now.Add(i.Leeway)) {
		return i.notYetValid("nbf")
	}
	if !j.hasIAT && j.identity.Expires.Sub(now) > i.MaxLifetime {
		return i.lifetimeError()
	}
	if latest.Before(j.identity.Expires.Add(i.Leeway)) {
		return nil
	}
	if j.hasIAT && maxAge > 0 && latest.Before(j.identity.IssuedAt.Add(maxAge)) {
		return nil
	}
	return refuse(Expired, "exp was "+j.identity.Expires.UTC().Format(time.RFC3339))
}

func (i *Issuer) notYetValid(name string) *Error {
	return &Error{
		NotYetValid, name + " lies in the future by more than the leeway of " + i.Leeway.String(),
		"set the clocks of this host and of Authentik by NTP",
	}
}
