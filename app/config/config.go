package config

import (
	"time"
)

// Config is all of config.toml. The struct tags are its reference: toml is the key, default its default as
// written in a variable, doc its documentation. unit says what a string or a number means. min, max and enum
// bound the value.
type Config struct {
	Server     Server     `toml:"server" doc:"The listener that MinIO asks."`
	Endpoints  []Endpoint `toml:"endpoint" doc:"Further paths of the public listener, for servers that ask in another dialect. Optional."`
	Admin      Admin      `toml:"admin" doc:"The listener for operators: /livez /readyz /metrics /version /explain. The public listener has none of these paths."`
	Issuers    []Issuer   `toml:"issuer" doc:"The issuers whose tokens are accepted. At least one."`
	Evidence   Evidence   `toml:"evidence" doc:"Where a request may hold a token, and what is accepted without a token."`
	Owner      Owner      `toml:"owner" doc:"MinIO's root user, and access keys derived from root's."`
	Mapping    Mapping    `toml:"mapping" doc:"Who may do what."`
	Cache      Cache      `toml:"cache" doc:"The sizes of the caches."`
	Audit      Audit      `toml:"audit" doc:"The decision log."`
	Revocation Revocation `toml:"revocation" doc:"Sessions that ended before their tokens expire."`
	Log        Log        `toml:"log" doc:"The program's own log."`

	warnings []string
}

// Warnings returns a sentence for every choice that weakens the gate.
func (c *Config) Warnings() []string { return c.warnings }

// Server is the public listener.
type Server struct {
	Listen           string        `toml:"listen" default:"127.0.0.1:8080" unit:"listen" doc:"Address and port of the public listener."`
	Path             string        `toml:"path" default:"/authz" doc:"The path of MINIO_POLICY_PLUGIN_URL."`
	CallerTokens     []Secret      `toml:"caller_tokens" default:"" doc:"Whole Authorization values, as in MINIO_POLICY_PLUGIN_AUTH_TOKEN. Write several during a rotation."`
	CallerTokensFile string        `toml:"caller_tokens_file" default:"" unit:"path" doc:"A file with caller tokens, one on each line. Without any caller token only loopback callers are served."`
	TLSCert          string        `toml:"tls_cert" default:"" unit:"path" doc:"PEM certificate chain. Watched and reloaded."`
	TLSKey           string        `toml:"tls_key" default:"" unit:"path" doc:"PEM key of tls_cert. Watched and reloaded."`
	ClientCA         string        `toml:"client_ca" default:"" unit:"path" doc:"PEM certificates of an authority. Callers must show a client certificate of this authority, in addition to the caller token. MinIO cannot show one; a proxy in front of claimgate can. Watched and reloaded."`
	MaxBody          int64         `toml:"max_body" default:"4MiB" unit:"size" min:"1KiB" max:"1GiB" doc:"Largest request body. A larger body is denied. Bodies of MinIO can reach about a MiB."`
	ShutdownGrace    time.Duration `toml:"shutdown_grace" default:"15s" min:"0s" max:"1h" doc:"How long requests may finish after a stop signal, drain_delay included. MinIO keeps idle connections for 15 s."`
	DrainDelay       time.Duration `toml:"drain_delay" default:"5s" min:"0s" max:"30m" doc:"How long the listener stays open after a stop signal while /readyz answers 503, so that load balancers notice. At most half of shutdown_grace."`
	MaxConnections   int64         `toml:"max_connections" default:"4096" min:"16" max:"1000000" doc:"Open connections on the public listener. At the limit the oldest connection of an unknown caller is closed. If all connections are of known callers, such as MinIO, a new connection waits."`

	inline int // how many of CallerTokens come from the key caller_tokens; the rest come from the file
}

// Endpoint is a further path of the public listener, with its own dialect. server.path has the dialect of MinIO.
type Endpoint struct {
	Path    string `toml:"path" doc:"The path of the server's webhook URL, such as /rustfs for RUSTFS_POLICY_PLUGIN_URL."`
	Dialect string `toml:"dialect" default:"minio" enum:"minio,rustfs" doc:"How the server asks: minio (MinIO, Silo, AIStor and forks), or rustfs."`
}

// Admin is the operators' listener.
type Admin struct {
	Listen string `toml:"listen" default:"127.0.0.1:8081" unit:"listen" doc:"Address and port of the admin listener. It asks for no credentials."`
}

// Issuer is one OpenID provider whose tokens are accepted.
type Issuer struct {
	Name            string        `toml:"name" default:"authentik" unit:"name" doc:"The issuer's name in mapping.toml, logs and metrics."`
	URL             string        `toml:"url" unit:"issuer" doc:"The issuer, byte for byte as in the token's iss, trailing slash included."`
	Formerly        []string      `toml:"formerly" default:"" doc:"URLs that the issuer had before. An access key made under a former URL works with a token of this issuer. Tokens of a former URL are refused."`
	OIDCProvider    string        `toml:"oidc_provider" default:"" doc:"The name of this issuer's OpenID Connect provider in RustFS's settings, such as default. Sessions of RustFS name the provider and not the issuer."`
	Audiences       []string      `toml:"audiences" unit:"list" doc:"The token's aud must hold one of these. If the token has azp, azp must be one of these, too. For Authentik: the provider's client ID."`
	Algorithms      []string      `toml:"algorithms" default:"RS256,ES256,ES384,ES512,EdDSA" unit:"list" doc:"Signature algorithms that are accepted. Only asymmetric algorithms are possible."`
	JWKSURL         string        `toml:"jwks_url" default:"" unit:"url" doc:"The address of the keys, if it is not the one that discovery names: for a cluster that reaches Authentik by another name."`
	CAFile          string        `toml:"ca_file" default:"" unit:"path" doc:"PEM certificates that the issuer's TLS is checked against. Default: the system's."`
	UsernameClaim   string        `toml:"username_claim" default:"preferred_username" unit:"name" doc:"The claim that must equal the account if evidence.static_credentials is match."`
	GroupsClaim     string        `toml:"groups_claim" default:"groups" unit:"name" doc:"The claim with the groups, a list of strings. A dot in the name is a part of the name."`
	GroupsPath      []string      `toml:"groups_path" default:"" doc:"The path to the groups in nested claims, such as [\"realm_access\", \"roles\"]. It replaces groups_claim."`
	AllowDelegation bool          `toml:"allow_delegation" default:"false" doc:"Accept tokens with an act claim (token exchange on behalf of someone)."`
	InsecureHTTP    bool          `toml:"insecure_http" default:"false" doc:"Allow plain http to this issuer off the loopback. An attacker on the network can then replace the keys."`
	Leeway          time.Duration `toml:"leeway" default:"30s" min:"0s" max:"5m" doc:"How far the clocks of the issuer and of claimgate may differ."`
	MaxLifetime     time.Duration `toml:"max_lifetime" default:"24h" min:"1s" max:"8760h" doc:"Longest time from iat to exp."`
	Refresh         time.Duration `toml:"refresh" default:"5m" min:"1s" max:"24h" doc:"How often the keys are fetched again, in the background."`
	RefetchCooldown time.Duration `toml:"refetch_cooldown" default:"10s" min:"1s" max:"1h" doc:"Shortest time between fetches caused by unknown keys or bad signatures."`
	MaxStale        time.Duration `toml:"max_stale" default:"24h" min:"1s" max:"8760h" doc:"How long the last good keys are used while keys cannot be fetched."`
	SnapshotFile    string        `toml:"snapshot_file" default:"" unit:"path" doc:"A file that keeps the last good keys, so that claimgate can verify tokens at once after a restart during an outage."`
	Introspection   Introspection `toml:"introspection" doc:"Asks the issuer whether a token is still active. Optional."`
}

// Groups returns the path to the claim with the groups: GroupsPath, or else GroupsClaim.
func (i *Issuer) Groups() []string {
	if len(i.GroupsPath) > 0 {
		return i.GroupsPath
	}
	return []string{i.GroupsClaim}
}

// Introspection is token introspection (RFC 7662) at one issuer.
type Introspection struct {
	ClientID         string        `toml:"client_id" default:"" doc:"The client that introspects; for Authentik the provider's own client ID. Empty: no introspection."`
	ClientSecretFile string        `toml:"client_secret_file" default:"" unit:"path" doc:"A file with the client's secret."`
	Endpoint         string        `toml:"endpoint" default:"" unit:"url" doc:"The address of the introspection endpoint, if it is not the one that discovery names."`
	TTL              time.Duration `toml:"ttl" default:"30s" min:"1s" max:"1h" doc:"How long an answer is used. A token in use is introspected again in the background after half of the ttl."`
	OnError          string        `toml:"on_error" default:"deny" enum:"deny,allow" doc:"The decision if introspection fails."`

	// ClientSecret is the content of ClientSecretFile.
	ClientSecret Secret
}

// Enabled reports whether tokens are introspected.
func (i Introspection) Enabled() bool { return i.ClientID != "" }

// Evidence says where a request may hold a token, and what is accepted without a token.
type Evidence struct {
	Keys                 []string      `toml:"keys" default:"authentik_token,X-Authentik-Jwt" unit:"list" doc:"Keys of conditions that may hold a token, in MinIO's spelling: claims in lower case, headers in Go's canonical form."`
	MaxToken             int64         `toml:"max_token" default:"16KiB" unit:"size" min:"512" max:"1MiB" doc:"Longest token."`
	StaticCredentials    string        `toml:"static_credentials" default:"match" enum:"deny,match,any" doc:"Whether a token is accepted beside a static MinIO key. deny: never. match: its username_claim must equal the account. any: the token alone decides."`
	WithoutToken         string        `toml:"without_token" default:"deny" enum:"deny,claims" doc:"What to do without a token. deny: deny the request. claims: accept the claims of the login that MinIO sends. This is weaker, because no signature is checked."`
	ServiceAccountMaxAge time.Duration `toml:"service_account_max_age" default:"0s" min:"0s" max:"87600h" doc:"How long after iat an access key made from an OIDC session is accepted. 0s: not past the exp of its token."`
}

// Owner says how MinIO's root user is decided.
type Owner struct {
	Decision string `toml:"decision" default:"allow" enum:"allow,evaluate" doc:"allow: root is always allowed, so that a bad mapping cannot lock root out. evaluate: root needs rules like everybody else."`
}

// Mapping names mapping.toml, the next mapping and the invariants.
type Mapping struct {
	File       string `toml:"file" default:"mapping.toml" unit:"path" doc:"The mapping. It and its policy files are watched and reloaded."`
	Shadow     string `toml:"shadow" default:"" unit:"path" doc:"The next mapping. Each decision is made under the next mapping as well, which changes no answer. The decision log and the metric claimgate_shadow_decisions_total show the differences. Watched and reloaded."`
	Invariants string `toml:"invariants" default:"" unit:"path" doc:"A file with invariants, as claimgate prove reads it. A mapping that breaks an invariant is not put in force."`
}

// Cache bounds the caches.
type Cache struct {
	TokenTTL        time.Duration `toml:"token_ttl" default:"5m" min:"1s" max:"24h" doc:"How long a verified token stays in the cache, at most until its exp."`
	TokenBytes      int64         `toml:"token_bytes" default:"64MiB" unit:"size" min:"64KiB" max:"64GiB" doc:"Memory for verified tokens."`
	DecisionEntries int64         `toml:"decision_entries" default:"1000000" min:"1" max:"1000000000" doc:"How many decisions are cached."`
}

// Audit is the decision log.
type Audit struct {
	Output string `toml:"output" default:"stdout" doc:"stdout, stderr, off, or a file, reopened on SIGHUP."`
	Allow  string `toml:"allow" default:"all" unit:"rate" doc:"Which allows are written: all, none, or a rate such as 1/100. Denies are always written."`

	OnFailure string `toml:"on_failure" default:"deny" enum:"deny,continue" doc:"What to do if the line of an allow cannot be written. deny: the request is denied. continue: the request is allowed, and the line is counted as lost."`
	Chain     bool   `toml:"chain" default:"false" doc:"Each line holds the hash of the line before, so that claimgate audit verify finds changed, missing and moved lines."`
}

// Revocation says where ended sessions are stored.
type Revocation struct {
	Store        string `toml:"store" default:"memory" unit:"store" doc:"memory; or redis://host:6379/0 or rediss://... to share revocations between replicas."`
	PasswordFile string `toml:"password_file" default:"" unit:"path" doc:"A file with the store's password. Read again at every connection."`
	CAFile       string `toml:"ca_file" default:"" unit:"path" doc:"PEM certificates that the TLS of a rediss:// store is checked against. Default: the system's."`
	// MaxStale is how long tokens are accepted during an outage of the store. 0 means for ever.
	MaxStale time.Duration `toml:"max_stale" default:"24h" min:"0s" max:"8760h" doc:"How long tokens are accepted while the logouts of other replicas cannot be received. After that tokens are denied. 0s: for ever."`

	// Password comes from PasswordFile, or from the URL in store. Store does not hold the password.
	Password Secret
}

// Log is the program's own log.
type Log struct {
	Level  string `toml:"level" default:"info" enum:"debug,info,warn,error" doc:"The lowest level that is written."`
	Format string `toml:"format" default:"json" enum:"json,console" doc:"json, or console for people."`
}
