package stack

import "strings"

// other is another application of the same issuer: its client id, and its slug.
const other = "other"

// LoginElsewhere gets tokens for a user from another application of the same
// issuer, which signs with the same key.
func (s *Stack) LoginElsewhere(user, scope string) Tokens {
	s.tb.Helper()
	if s.authentik {
		return s.login(other, user, scope)
	}
	// The embedded issuer has one application: what it says of the user is
	// signed again as that of another one.
	tokens := s.Login(user, scope)
	return Tokens{ID: s.elsewhere(tokens.ID), Access: s.elsewhere(tokens.Access)}
}

func (s *Stack) elsewhere(token string) string {
	s.tb.Helper()
	claims := s.Claims(token)
	claims["iss"], claims["aud"] = strings.Replace(issuerURL, "/minio/", "/"+other+"/", 1), other
	if _, access := claims["azp"]; access {
		claims["azp"] = other
	}
	delete(claims, "authentik_token")
	return s.Sign(claims)
}
