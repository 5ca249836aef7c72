package stack

import "strings"

// other is the client id and the slug of another application of the same issuer.
const other = "other"

// LoginToOther gets tokens for a user from another application of the same issuer,
// which signs with the same key.
func (s *Stack) LoginToOther(user, scope string) Tokens {
	s.tb.Helper()
	if s.authentik {
		return s.login(other, user, scope)
	}
	// The embedded issuer has one application: the test changes the claims and signs
	// them again.
	tokens := s.Login(user, scope)
	return Tokens{ID: s.forOther(tokens.ID), Access: s.forOther(tokens.Access)}
}

func (s *Stack) forOther(token string) string {
	s.tb.Helper()
	claims := s.Claims(token)
	claims["iss"], claims["aud"] = strings.Replace(issuerURL, "/minio/", "/"+other+"/", 1), other
	if _, access := claims["azp"]; access {
		claims["azp"] = other
	}
	delete(claims, "authentik_token")
	return s.Sign(claims)
}
