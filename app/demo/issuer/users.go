package issuer

import (
	"crypto/sha256"
	"encoding/hex"
)

// User is an account of the issuer.
type User struct {
	// Name is the preferred_username.
	Name string
	// Subject is the claim sub. If it is empty, New sets a hash of the name, as Authentik's default subject mode does.
	Subject string
	Email   string
	// Groups is the claim groups. The claim is a list even if Groups is empty.
	Groups []string
	// Policies is the claim policy, which the scope mapping minio adds: a string for one name, a list for several, and
	// no claim for none.
	Policies []string
	// AppPassword is the user's password at the token endpoint. If it is empty, the user gets no machine token.
	AppPassword string
}

// DefaultUsers returns the users of the demo. Each has the app password "<name>-app-password".
func DefaultUsers() []User {
	users := []User{
		{Name: "alice", Groups: []string{"MinIO users"}, Policies: []string{"readwrite"}},
		{Name: "rhea", Groups: []string{"MinIO readers"}, Policies: []string{"readonly"}},
		{Name: "walt", Groups: []string{"MinIO writers"}, Policies: []string{"writeonly"}},
		{Name: "ada", Groups: []string{"MinIO admins"}, Policies: []string{"consoleAdmin"}},
		{Name: "petra", Groups: []string{"minio-rw-red", "minio-rw-blue"}},
		{Name: "cora", Groups: []string{"MinIO curators"}},
		{Name: "nobody"},
	}
	for i := range users {
		users[i].Email = users[i].Name + "@example.com"
		users[i].AppPassword = users[i].Name + "-app-password"
	}
	return users
}

// hashedSubject imitates Authentik's default subject mode, hashed_user_id: 64 hex digits that are stable within one
// installation and do not reveal the user.
func hashedSubject(name string) string {
	sum := sha256.Sum256([]byte(name + "-claimgate-demo"))
	return hex.EncodeToString(sum[:])
}

// policyClaim returns the claim in the forms of Authentik's MinIO guide: a string, a list, or nil for no claim.
func (u User) policyClaim() any {
	switch len(u.Policies) {
	case 0:
		return nil
	case 1:
		return u.Policies[0]
	default:
		return u.Policies
	}
}

// groupsClaim is never nil, because Authentik sends an empty list for a user without groups.
func (u User) groupsClaim() []string {
	if u.Groups == nil {
		return []string{}
	}
	return u.Groups
}
