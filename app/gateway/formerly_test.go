package gateway_test

import (
	"testing"

	"github.com/claimgate/claimgate/internal/parent"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/verifier"
)

// An access key that was made under a former URL of the issuer is bound to the subject's token of today.
// Everything else is refused: a session of the former URL, an access key of another subject, an access key of a
// URL that is not configured, and every token of the former URL.
func TestAccessKeysOfAFormerURL(t *testing.T) {
	const old = "https://old.example/application/o/minio/"
	g := newGate(t, func(o *gateway.Options, i *verifier.Issuer, _ *verifier.Options) {
		o.Formerly = map[string][]string{i.URL: {old}}
	})
	plain := newGate(t)
	login := func(g *gate, iss, sub string) input {
		return g.session(ask("AK", "s3:GetObject", "b", "o"), sub).claim("iss", iss)
	}
	key := func(g *gate, iss, sub, of string) input {
		return login(g, iss, sub).claim("sa-policy", "inherited-policy").noClaim("exp").claim("parent", of)
	}
	good := func(g *gate) string { return g.sign("bob", []string{"devs"}) }
	for _, c := range []struct {
		name string
		gate *gate
		in   input
		want gateway.Reason
	}{
		{"a key of today", g, key(g, g.Issuer.URL(), "bob", parent.MinIO(g.Issuer.URL(), "bob").String()).token(good(g)), gateway.PolicyAllow},
		{"a key of the former url", g, key(g, old, "bob", parent.MinIO(old, "bob").String()).token(good(g)), gateway.PolicyAllow},
		{"of a url that is not named", g, key(g, "https://evil.example/", "bob", parent.MinIO("https://evil.example/", "bob").String()).token(good(g)), gateway.TokenBinding},
		{"of somebody else", g, key(g, old, "ada", parent.MinIO(old, "ada").String()).token(good(g)), gateway.TokenBinding},
		{"with a parent of today", g, key(g, old, "bob", parent.MinIO(g.Issuer.URL(), "bob").String()).token(good(g)), gateway.TokenBinding},
		{"with another's parent", g, key(g, old, "bob", parent.MinIO(old, "ada").String()).token(good(g)), gateway.TokenBinding},
		{"a session of the former url", g, login(g, old, "bob").token(good(g)), gateway.TokenBinding},
		{"a token of the former url", g, key(g, old, "bob", parent.MinIO(old, "bob").String()).token(g.sign("bob", []string{"devs"}, "iss", old)), gateway.TokenIssuer},
		{"where nothing is former", plain, key(plain, old, "bob", parent.MinIO(old, "bob").String()).token(good(plain)), gateway.TokenBinding},
	} {
		c.gate.expect(c.name, c.in, c.want)
	}
	taken := newGate(t, attested, func(o *gateway.Options, i *verifier.Issuer, _ *verifier.Options) {
		o.Formerly = map[string][]string{i.URL: {old}}
	})
	taken.expect("the claims of the former url on MinIO's word", key(taken, old, "bob", parent.MinIO(old, "bob").String()), gateway.ClaimsUntrusted)
}
