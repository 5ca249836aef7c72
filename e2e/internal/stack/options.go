package stack

import (
	"maps"

	"github.com/claimgate/claimgate/e2e/internal/images"
	"github.com/claimgate/claimgate/e2e/internal/pki"
)

// Options change a stack; the zero value is what most tests want.
type Options struct {
	// Mapping is the mapping.toml; default DefaultMapping.
	Mapping string
	// Config is appended to the config.toml.
	Config string
	// Env are environment variables of the claimgates: CLAIMGATE_... sets keys in
	// sections of the config.toml.
	Env map[string]string
	// Files are further files beside the config.toml.
	Files map[string]string
	// MinIO are further environment variables of MinIO.
	MinIO map[string]string

	// Replicas is the number of claimgates; default 1.
	Replicas int
	// Front is the server between MinIO and the claimgates.
	Front Front
	// CA makes MinIO and the claimgates serve TLS, with certificates of this
	// authority.
	CA *pki.CA

	// Redis makes the claimgates share revocations through a Redis. Needs a CA.
	Redis bool

	// Issuer are further arguments of the embedded issuer.
	Issuer []string
	// authentik, if set, runs in place of the embedded issuer.
	authentik images.AuthentikImages
}

// Front is the server that MinIO asks.
type Front int

const (
	// Direct is claimgate itself.
	Direct Front = iota
	// Balanced is a front.Balancer in front of the replicas.
	Balanced
	// Recorded is a front.Recorder in front of the only replica. Needs a CA.
	Recorded
)

// Production returns the set-up that the documentation recommends: two replicas behind
// one name, TLS by a private authority, revocations shared through Redis, a chained
// decision log.
func Production() (Options, error) {
	ca, err := pki.New("a private authority")
	return Options{
		CA:       ca,
		Front:    Balanced,
		Replicas: 2,
		Redis:    true,
		Env:      map[string]string{"CLAIMGATE_AUDIT_CHAIN": "true"},
	}, err
}

// Names of files beside the config.toml.
const (
	CertFile = configDir + "/tls.crt"
	KeyFile  = configDir + "/tls.key"
)

// complete fills in defaults. o is a copy, but its maps are not, so that they are
// cloned.
func (o Options) complete() (Options, error) {
	if o.Mapping == "" {
		o.Mapping = DefaultMapping
	}
	o.Replicas = max(o.Replicas, 1)
	env, files := maps.Clone(o.Env), map[string]string{"config.toml": config + o.Config, "mapping.toml": o.Mapping, "next.toml": nextMapping}
	if env == nil {
		env = make(map[string]string)
	}
	if o.CA != nil {
		pair, err := o.CA.Issue("claimgate")
		if err != nil {
			return o, err
		}
		env["CLAIMGATE_SERVER_TLS_CERT"], env["CLAIMGATE_SERVER_TLS_KEY"] = CertFile, KeyFile
		files["tls.crt"], files["tls.key"] = pair.Cert, pair.Key
	}
	if _, other := env["CLAIMGATE_SERVER_CALLER_TOKENS_FILE"]; !other {
		env["CLAIMGATE_SERVER_CALLER_TOKENS"] = callerToken
	}
	maps.Copy(files, o.Files)
	o.Env, o.Files = env, files
	if o.Redis {
		o.useRedis()
	}
	return o, nil
}

func (o Options) scheme() string {
	if o.CA != nil {
		return "https"
	}
	return "http"
}

// nextMapping grants everybody who has an account less, and others more, than any
// mapping of the tests.
const nextMapping = `version = 1
[[group]]
match    = "{any}"
policies = ["writeonly"]
[[account]]
name     = "nobody-at-all"
policies = ["consoleAdmin"]
`
