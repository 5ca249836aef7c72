package login

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// tokenLike is the beginning of every signed token: '{"' in base64url.
const tokenLike = "eyJ"

// claimsOf decodes the claims of a token. It does not check the signature. It returns nil for any other text.
func claimsOf(token string) map[string]any {
	if !strings.HasPrefix(token, tokenLike) || strings.Count(token, ".") != 2 {
		return nil
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	var claims map[string]any
	if err != nil || json.Unmarshal(text, &claims) != nil {
		return nil
	}
	return claims
}

// innerTokens returns the claims of the tokens inside a verified id_token that have the same iss and sub. A scope
// mapping puts such a token into the id_token for claimgate.
func innerTokens(idToken string) []map[string]any {
	outer := claimsOf(idToken)
	var list []map[string]any
	for _, v := range outer {
		text, _ := v.(string)
		if inner := claimsOf(text); inner != nil && inner["iss"] == outer["iss"] && inner["sub"] == outer["sub"] {
			list = append(list, inner)
		}
	}
	return list
}

// sessionEnd returns the end of a session: the earliest of end, at which MinIO's credentials expire, and the exp
// of the tokens inside the id_token, because claimgate denies requests with an expired token.
func sessionEnd(end time.Time, idToken string) time.Time {
	for _, inner := range innerTokens(idToken) {
		if exp, ok := inner["exp"].(float64); ok && exp < float64(end.Unix()) {
			end = time.Unix(int64(exp), 0)
		}
	}
	return end
}
