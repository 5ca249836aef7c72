package offline

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"strings"

	"github.com/claimgate/claimgate/mapping/policy"
)

// Question is a request as a reviewer describes it.
type Question struct {
	// Subject, Issuer, Groups and Claims are of the token. Issuer is the name of a configured issuer, or empty
	// for the default. A Question without Subject has no token.
	Subject, Issuer string
	Groups          []string
	Claims          map[string]any
	// Policy is the value of the claim that may grant policies; nil if the token has no such claim.
	Policy any

	// Account is the static MinIO key that signed, and Parent is the account that owns the key. With a token
	// both may be empty.
	Account, Parent string

	Action, Bucket, Object string
	Owner, DenyOnly        bool
	// Conditions are by their names in the webhook's body, such as "SourceIp". Values are by condition key, such
	// as "aws:SourceIp". If both have a value, Conditions wins.
	Conditions map[string][]string
	Values     map[string][]string
}

// Body returns the question as a webhook body of MinIO.
func (g *Gate) Body(q *Question) ([]byte, error) {
	conditions := map[string][]string{"SourceIp": {"127.0.0.1"}}
	claims := map[string]any{}
	token := maps.Clone(q.Claims)
	if token == nil {
		token = map[string]any{}
	}
	for key, values := range q.Values {
		name, isClaim := strings.CutPrefix(key, "jwt:")
		path, isPath := strings.CutPrefix(key, "claim:")
		switch {
		case isPath:
			setClaimTexts(token, path, values)
		case key == "aws:groups":
		case isClaim && token[name] == nil:
			token[name] = values
		case !isClaim:
			setCondition(conditions, policy.ConditionNames(key), values)
		}
	}
	maps.Copy(conditions, q.Conditions)
	account := q.Account
	if q.Subject != "" {
		issuer := q.Issuer
		if issuer == "" {
			issuer = g.issuer
		}
		iss := g.given.issuers.url(issuer)
		claims["iss"], claims["sub"] = iss, q.Subject
		token["iss"], token["sub"] = iss, q.Subject
		if len(q.Groups) > 0 {
			policy.SetClaim(token, g.given.issuers.groupsPath(issuer), q.Groups)
		}
		if q.Policy != nil {
			policy.SetClaim(token, g.mapping.ClaimPath(), q.Policy)
		}
		payload, err := json.Marshal(token)
		if err != nil {
			return nil, err
		}
		conditions[g.gateway.EvidenceKeys(nil)[0]] = []string{"e30." + base64.RawURLEncoding.EncodeToString(payload) + "."}
		if account == "" {
			account = "a session of " + q.Subject
		}
	} else if q.Parent != "" {
		claims["parent"] = q.Parent
	}
	return json.Marshal(map[string]any{"input": map[string]any{
		"account": account, "groups": nil, "action": q.Action, "originalAction": "", "bucket": q.Bucket, "object": q.Object,
		"owner": q.Owner, "denyOnly": q.DenyOnly, "claims": claims, "conditions": conditions,
	}})
}

// setClaimTexts sets the claim with the key, without "claim:", from its texts in the decision log. Each text is
// JSON. A claim that policies cannot read has the text {}, and becomes an empty object.
func setClaimTexts(claims map[string]any, key string, texts []string) {
	path, ok := policy.ClaimPath(key)
	if !ok || len(texts) == 0 {
		return
	}
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = json.RawMessage(text)
	}
	if len(list) == 1 {
		policy.SetClaim(claims, path, list[0])
		return
	}
	policy.SetClaim(claims, path, list)
}

// setCondition sets the values of a key under the name that MinIO uses. If MinIO uses two names and there are
// several values, the first name gets the first value.
func setCondition(conditions map[string][]string, names, values []string) {
	if len(names) > 1 && len(values) > 1 {
		conditions[names[0]], conditions[names[1]] = values[:1], values[1:]
		return
	}
	conditions[names[len(names)-1]] = values
}

// Claims returns the claims of a token without any check.
func Claims(token string) (map[string]any, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("the token does not have three parts")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, errors.New("the token's claims are not base64url")
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil || claims == nil {
		return nil, errors.New("the token's claims are no JSON object")
	}
	return claims, nil
}
