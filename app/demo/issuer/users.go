package issuer

import (
	"crypto/sha256"
	"encoding/hex"
)

// User is an account that the issuer gives tokens to.
type User struct {
	// Name is the preferred_username.
	Name string
	// Subject is the sub claim. New fills it with a hash of the name, as in
	// Authentik's default subject mode, where it is empty.
	Subject string
	Email   string
	// Groups is the groups claim. It is a list even where it is empty.
	Groups []string
	// Policies is what the minio scope mapping returns as policy: one name
	// becomes a string, several a list, none leaves the claim out.
	Policies []string
	// AppPassword is what the token endpoint takes as password. A user without
	// one gets no token there.
	AppPassword string
}

// DefaultUsers are the users of the demo. The app password of each is
// "<name>-app-password".
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

// hashedSubject is Authentik's default subject mode, hashed_user_id: 64 hex
// digits that are stable in one installation and tell nothing of the user.
func hashedSubject(name string) string {
	sum := sha256.Sum256([]byte(name + "-claimgate-demo"))
	return hex.EncodeToString(sum[:])
}

// policyClaim gives the claim the shapes that Authentik's MinIO guide shows:
// a string, or a list, or nothing at all.
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

// groupsClaim is never null: Authentik sends an empty list for a user without
// groups.
func (u User) groupsClaim() []string {
	if u.Groups == nil {
		return []string{}
	}
	return u.Groups
}
