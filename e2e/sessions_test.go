package e2e

import (
	"context"
	"slices"
	"testing"

	"github.com/claimgate/claimgate/e2e/internal/stack"
)

// A session from AssumeRoleWithWebIdentity carries the token that Authentik put into a
// claim. minio-go, mc and presigned URLs get the same rights: readwrite lists, gets and
// puts, readonly only gets, writeonly only puts, consoleAdmin administers, and a user
// without a group has no access. Root needs no token.
func TestTokenInsideTheSession(t *testing.T) {
	t.Parallel()
	s := shared(t)

	t.Run("root needs no token", func(t *testing.T) {
		root := s.For(t)
		all := grant{list: true, get: true, put: true}
		all.check(t, viaS3(root.S3(root.Root())))
		all.check(t, viaMC(root.MC(root.Root())))
	})
	for _, who := range identities {
		t.Run(who.user, func(t *testing.T) {
			t.Parallel()
			s := s.For(t)
			session := s.MustSession(who.user, stack.AllScopes)
			t.Run("by an S3 program", func(t *testing.T) { who.want.check(t, viaS3(s.S3(session))) })
			t.Run("by mc", func(t *testing.T) { who.want.check(t, viaMC(s.For(t).MC(session))) })
			t.Run("by presigned URLs", func(t *testing.T) { who.want.check(t, viaURL(linksOf(s, session))) })
		})
	}
	t.Run("only the administrator administers", func(t *testing.T) {
		for user, allowed := range map[string]bool{"ada": true, "alice": false} {
			session := s.MustSession(user, stack.AllScopes)
			for by, list := range map[string]action{
				"mc": func(context.Context) error {
					_, err := s.MC(session).Run("", "admin", "user", "ls", "e2e")
					return mcDenied(err)
				},
				"madmin": func(ctx context.Context) error {
					_, err := s.Admin(session).ListUsers(ctx)
					return adminDenied(err)
				},
			} {
				expect(t, user+"'s list of users by "+by, list, allowed)
			}
		}
	})
}

// One rule of the mapping grants the members of each group minio-rw-NAME the bucket NAME
// and no other. Their list of buckets shows only these, out of more than 20.
func TestGroupPattern(t *testing.T) {
	t.Parallel()
	s := shared(t)
	petra := s.S3(s.MustSession("petra", stack.AllScopes))

	for name, want := range map[string]grant{
		"red":   {list: true, get: true, put: true},
		"blue":  {list: true, get: true, put: true},
		"green": {},
		bucket:  {},
	} {
		t.Run(name, func(t *testing.T) { want.check(t, viaS3In(petra, name)) })
	}
	t.Run("she lists her buckets", func(t *testing.T) {
		found, err := petra.ListBuckets(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, b := range found {
			names = append(names, b.Name)
		}
		if want := []string{"blue", "red"}; !slices.Equal(names, want) {
			t.Errorf("buckets are %q, want %q of all", names, want)
		}
	})
	t.Run("the administrator lists all", func(t *testing.T) {
		found, err := s.S3(s.MustSession("ada", stack.AllScopes)).ListBuckets(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(found) <= 20 {
			t.Errorf("%d buckets, want more than 20", len(found))
		}
	})
	t.Run("a user who may see no bucket is denied the list", func(t *testing.T) {
		list := func(ctx context.Context) error {
			_, err := s.S3(s.MustSession("nobody", stack.AllScopes)).ListBuckets(ctx)
			return s3Denied(err)
		}
		expect(t, "list of buckets", list, false)
	})
}
