package serve

import (
	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/introspection"
)

// VerifierOptions returns the options of a verifier for a Config.
func VerifierOptions(c *config.Config) verifier.Options {
	o := verifier.Options{MaxToken: int(c.Evidence.MaxToken), TokenTTL: c.Cache.TokenTTL, TokenBytes: c.Cache.TokenBytes}
	for n := range c.Issuers {
		i := &c.Issuers[n]
		o.Issuers = append(o.Issuers, verifier.Issuer{
			Name: i.Name, URL: i.URL, Audiences: i.Audiences, Algorithms: i.Algorithms, JWKSURL: i.JWKSURL,
			CAFile: i.CAFile, UsernameClaim: i.UsernameClaim, GroupsPath: i.Groups(), AllowDelegation: i.AllowDelegation,
			InsecureHTTP: i.InsecureHTTP, Leeway: i.Leeway, MaxLifetime: i.MaxLifetime, Refresh: i.Refresh,
			RefetchCooldown: i.RefetchCooldown, MaxStale: i.MaxStale, SnapshotFile: i.SnapshotFile,
			Introspection: introspection.Config{
				ClientID: i.Introspection.ClientID, ClientSecret: string(i.Introspection.ClientSecret), Endpoint: i.Introspection.Endpoint,
				TTL: i.Introspection.TTL, AllowOnError: i.Introspection.OnError == "allow",
			},
		})
	}
	return o
}

// Evidence returns the gateway's rules for evidence for a Config.
func Evidence(c *config.Config) gateway.Evidence {
	static := map[string]gateway.StaticCredentials{
		"deny": gateway.StaticDeny, "match": gateway.StaticMatch, "any": gateway.StaticAny,
	}
	e := &c.Evidence
	return gateway.Evidence{
		Keys: e.Keys, StaticCredentials: static[e.StaticCredentials], AttestedClaims: e.WithoutToken == "claims",
		ServiceAccountMaxAge: e.ServiceAccountMaxAge,
	}
}
