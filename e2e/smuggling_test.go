package e2e

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/claimgate/claimgate/e2e/internal/stack"
)

// fact is a value that a caller adds to a request and that MinIO puts among its own
// conditions: as a query parameter, which the caller's signature covers, or as a
// header, which arrives under its canonical name.
type fact struct{ name, value string }

// smuggled returns facts that must not count. Facts that could grant something under
// the mapping come first, because claimgate caches the grants of a token, and the facts
// of the first request must not enter the cache.
func smuggled(s *stack.Stack) []fact {
	root := s.Root().AccessKeyID
	return []fact{
		{"groups", "MinIO admins"},
		{"policy", "consoleAdmin"},
		{"sub", root},
		{"iss", "http://issuer:9000/application/o/minio/"},
		{"username", root},
		{"userid", root},
		{"principaltype", "Account"},
		{"parent", root},
		{"account", root},
		{"owner", "true"},
		{"denyOnly", "true"},
		{"preferred_username", "ada"},
		{"roleArn", "arn:minio:iam:::role/consoleAdmin"},
		{"sa-policy", "inherited-policy"},
		{"claims", `{"groups":["MinIO admins"]}`},
	}
}

// What a caller adds to a request (?groups=, ?policy=, a header Groups and others)
// changes no answer: not for a user without groups, whose forged groups MinIO passes
// on, not for a user with few rights, and not for a static key.
func TestSmuggledIdentity(t *testing.T) {
	t.Parallel()
	s := shared(t)

	for who, creds := range map[string]credentials.Value{
		"nobody":       s.MustSession("nobody", stack.AllScopes),
		"rhea":         s.MustSession("rhea", stack.AllScopes),
		"without one":  s.MustSession("ada", stack.NoEvidence),
		"a static key": addUser(t, s, "mallory"),
	} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			s := s.For(t)
			get := who == "rhea"
			l := linksOf(s, creds)
			query, header := url.Values{}, http.Header{}
			for _, f := range smuggled(s) {
				query.Set(f.name, f.value)
				header.Set(f.name, f.value)
				// One at a time, so that no fact hides another.
				one, oneHeader := url.Values{f.name: {f.value}}, http.Header{http.CanonicalHeaderKey(f.name): {f.value}}
				expect(t, "put with ?"+f.name, putting(l, one, nil), false)
				expect(t, "get with ?"+f.name, getting(l, bucket, object, one, nil), get)
				expect(t, "put with the header "+f.name, putting(l, nil, oneHeader), false)
				expect(t, "get with the header "+f.name, getting(l, bucket, object, nil, oneHeader), get)
			}
			expect(t, "get with all of them", getting(l, bucket, object, query, header), get)
			expect(t, "put with all of them", putting(l, query, header), false)
			expect(t, "list with all of them", listing(l, header), false)
		})
	}
}

// A token in the query, under the claim's or the header's name, grants nothing: it
// does not belong to the session, or it is the second token.
func TestSmuggledToken(t *testing.T) {
	t.Parallel()
	s := shared(t)
	adas := s.Login("ada", stack.AllScopes).ID

	for _, who := range []struct {
		name  string
		creds credentials.Value
		// claim is whether a get is allowed with the other token under the claim's
		// name: if the session has the claim, MinIO overwrites the query's value.
		claim bool
	}{
		{"rhea, who has a token of her own", s.MustSession("rhea", stack.AllScopes), true},
		{"rhea without a token", s.MustSession("rhea", stack.NoEvidence), false},
		{"a static key", addUser(t, s, "mallet"), false},
	} {
		t.Run(who.name, func(t *testing.T) {
			t.Parallel()
			l := linksOf(s.For(t), who.creds)
			claim, header := url.Values{"authentik_token": {adas}}, url.Values{"X-Authentik-Jwt": {adas}}
			expect(t, "get by ?authentik_token", getting(l, bucket, object, claim, nil), who.claim)
			expect(t, "put by ?authentik_token", putting(l, claim, nil), false)
			expect(t, "get by ?X-Authentik-Jwt", getting(l, bucket, object, header, nil), false)
			expect(t, "put by ?X-Authentik-Jwt", putting(l, header, nil), false)
			expect(t, "get by a header Authentik_token", getting(l, bucket, object, nil, http.Header{"Authentik_token": {adas}}), who.claim)
			expect(t, "put by a header Authentik_token", putting(l, nil, http.Header{"Authentik_token": {adas}}), false)
		})
	}
}

// Query parameters and headers, in the canonical spelling of a condition's name, do not
// change a policy's condition on the caller's address, or a policy variable. The address
// from a trusted proxy counts, because MinIO accepts it.
func TestSmuggledConditions(t *testing.T) {
	t.Parallel()
	s := shared(t)
	cora := linksOf(s, s.MustSession("cora", stack.AllScopes))
	const office = "203.0.113.7"

	root := s.S3(s.Root())
	for _, name := range []string{"cora/own.txt", "alice/hers.txt", "*/star.txt"} {
		if err := write(t.Context(), root, "homes", name); err != nil {
			t.Fatal(err)
		}
	}
	for _, ask := range []struct {
		name   string
		bucket string
		object string
		query  url.Values
		header http.Header
		want   bool
	}{
		{name: "from another address", bucket: "office", object: object},
		{name: "a header Sourceip", bucket: "office", object: object, header: http.Header{"Sourceip": {office}}},
		{name: "?SourceIp", bucket: "office", object: object, query: url.Values{"SourceIp": {office}}},
		{name: "?Sourceip", bucket: "office", object: object, query: url.Values{"Sourceip": {office}}},
		{name: "the address from the proxy", bucket: "office", object: object, header: http.Header{"X-Forwarded-For": {office}}, want: true},

		{name: "her home", bucket: "homes", object: "cora/own.txt", want: true},
		{name: "another's home", bucket: "homes", object: "alice/hers.txt"},
		{name: "another's home with ?preferred_username", bucket: "homes", object: "alice/hers.txt", query: url.Values{"preferred_username": {"alice"}}},
		{name: "another's home with a header", bucket: "homes", object: "alice/hers.txt", header: http.Header{"Preferred_username": {"alice"}}},
		{name: "another's home with a wildcard", bucket: "homes", object: "alice/hers.txt", query: url.Values{"preferred_username": {"*"}}},
		{name: "the home of a star", bucket: "homes", object: "*/star.txt"},
	} {
		expect(t, ask.name, getting(cora, ask.bucket, ask.object, ask.query, ask.header), ask.want)
	}
}

func getting(l links, bucket, object string, query url.Values, header http.Header) action {
	return func(ctx context.Context) error {
		_, err := l.fetch(ctx, http.MethodGet, bucket, object, query, header)
		return err
	}
}

func putting(l links, query url.Values, header http.Header) action {
	return func(ctx context.Context) error {
		_, err := l.fetch(ctx, http.MethodPut, bucket, "inbox/smuggled", query, header)
		return err
	}
}

// listing adds no query parameters: on a bucket, a parameter such as policy selects
// another call.
func listing(l links, header http.Header) action {
	return func(ctx context.Context) error {
		_, err := l.fetch(ctx, http.MethodGet, bucket, "", url.Values{"list-type": {"2"}}, header)
		return err
	}
}
