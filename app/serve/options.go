package serve

import (
	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/app/dialect"
	"github.com/claimgate/claimgate/app/dialect/dialects"
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

// GatewayOptions returns those options of a gateway that a Config determines.
func GatewayOptions(c *config.Config) gateway.Options {
	o := gateway.Options{
		Evidence: Evidence(c), Formerly: map[string][]string{}, Providers: map[string]gateway.Provider{},
		EvaluateOwner: c.Owner.Decision == "evaluate", DecisionEntries: c.Cache.DecisionEntries,
	}
	for n := range c.Issuers {
		i := &c.Issuers[n]
		o.Formerly[i.URL] = i.Formerly
		if i.OIDCProvider != "" {
			o.Providers[i.OIDCProvider] = gateway.Provider{Issuer: i.URL, Audience: i.Audiences[0]}
		}
	}
	return o
}

// Endpoints returns the dialects by the paths at which they are spoken.
func Endpoints(c *config.Config) map[string]*dialect.Dialect {
	all := map[string]*dialect.Dialect{c.Server.Path: dialects.Named("minio")}
	for _, e := range c.Endpoints {
		all[e.Path] = dialects.Named(e.Dialect)
	}
	return all
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
