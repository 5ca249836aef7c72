package gateway_test

import (
	"testing"
	"time"

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

// The expired token of an access key counts until its MaxAge exactly if the fresh token is bound to the key, also if the
// key was made under a former URL. Beside a session no expired token counts. This holds for MinIO, and for a server that
// writes its own iss if the configuration names the provider of the login.
func TestTheAgeOfAccessKeysOfAFormerURL(t *testing.T) {
	const old = "https://old.example/application/o/minio/"
	formerly := func(o *gateway.Options, i *verifier.Issuer, _ *verifier.Options) {
		o.Formerly = map[string][]string{i.URL: {old}}
	}
	g := newGate(t, accountAge(24*time.Hour), providers, formerly)
	plain := newGate(t, accountAge(24*time.Hour), providers)
	other := newGate(t, accountAge(24*time.Hour), formerly, func(o *gateway.Options, _ *verifier.Issuer, _ *verifier.Options) {
		o.Providers = map[string]gateway.Provider{"default": {Issuer: "https://other.example/", Audience: "minio"}}
	})
	expired := []any{"iat", time.Now().Add(-2 * time.Hour).Unix(), "exp", time.Now().Add(-time.Hour).Unix()}
	tooOld := []any{"iat", time.Now().Add(-48 * time.Hour).Unix(), "exp", time.Now().Add(-47 * time.Hour).Unix()}
	bound := 0
	for gateName, g := range map[string]*gate{"formerly": g, "nothing is former": plain, "the provider is another issuer": other} {
		for _, iss := range []string{g.Issuer.URL(), old, "https://evil.example/"} {
			for _, sub := range []string{"bob", "ada"} {
				for _, provider := range []string{"default", "second"} {
					for _, key := range []bool{true, false} {
						ask := func(rustFS bool, claims ...any) bool {
							in := g.session(ask("AK", "s3:GetObject", "b", "o"), sub).claim("iss", iss)
							if key {
								in.claim("sa-policy", "inherited-policy").noClaim("exp").claim("parent", parent.MinIO(iss, sub).String())
							}
							in.condition("X-Authentik-Jwt", g.sign("bob", []string{"devs"}, claims...))
							if !rustFS {
								d := g.decide(in)
								return d.Allow()
							}
							q := inRustFS(in)
							claimsOf(q)["oidc_provider"] = provider
							d := g.decideRustFS(q)
							return d.Allow()
						}
						for _, rustFS := range []bool{false, true} {
							fresh, late, past := ask(rustFS), ask(rustFS, expired...), ask(rustFS, tooOld...)
							named := !rustFS || provider == "default"
							if late != (fresh && key && named) || past {
								t.Errorf("%s: a credential of %s at %s, provider %s, a key: %v, RustFS: %v: a fresh token is allowed: %v, an expired one: %v, one past its age: %v",
									gateName, sub, iss, provider, key, rustFS, fresh, late, past)
							}
							if iss == old && fresh {
								bound++
							}
						}
					}
				}
			}
		}
	}
	if bound == 0 {
		t.Error("no key of the former URL is bound")
	}
}
