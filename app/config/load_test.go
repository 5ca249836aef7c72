package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/internal/finding"
)

// oneIssuer is the smallest complete configuration.
var oneIssuer = []string{
	"CLAIMGATE_ISSUER_0_URL=https://authentik.example.com/application/o/minio/",
	"CLAIMGATE_ISSUER_0_AUDIENCES=minio",
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustLoad(t *testing.T, path string, env ...string) *config.Config {
	t.Helper()
	c, findings := config.Load(path, env)
	if c == nil {
		t.Fatalf("refused: %v", findings)
	}
	return c
}

func errorsOf(findings []finding.Finding) []finding.Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f finding.Finding) bool { return f.Severity != finding.Error })
}

// want returns the Config with the documented defaults.
func want() *config.Config {
	return &config.Config{
		Server: config.Server{
			Listen: "127.0.0.1:8080", Path: "/authz", MaxBody: 4 << 20, ShutdownGrace: 15 * time.Second,
			DrainDelay: 5 * time.Second, MaxConnections: 4096,
		},
		Admin: config.Admin{Listen: "127.0.0.1:8081"},
		Issuers: []config.Issuer{{
			Name: "authentik", URL: "https://authentik.example.com/application/o/minio/",
			Audiences: []string{"minio"}, Algorithms: []string{"RS256", "ES256", "ES384", "ES512", "EdDSA"},
			UsernameClaim: "preferred_username", GroupsClaim: "groups", Leeway: 30 * time.Second, MaxLifetime: 24 * time.Hour,
			Refresh: 5 * time.Minute, RefetchCooldown: 10 * time.Second, MaxStale: 24 * time.Hour,
			Introspection: config.Introspection{TTL: 30 * time.Second, OnError: "deny"},
		}},
		Evidence: config.Evidence{
			Keys: []string{"authentik_token", "X-Authentik-Jwt"}, MaxToken: 16 << 10,
			StaticCredentials: "match", WithoutToken: "deny",
		},
		Owner:      config.Owner{Decision: "allow"},
		Mapping:    config.Mapping{File: "mapping.toml"},
		Cache:      config.Cache{TokenTTL: 5 * time.Minute, TokenBytes: 64 << 20, DecisionEntries: 1000000},
		Audit:      config.Audit{Output: "stdout", Allow: "all", OnFailure: "deny"},
		Revocation: config.Revocation{Store: "memory", MaxStale: 24 * time.Hour},
		Log:        config.Log{Level: "info", Format: "json"},
	}
}

var ignoreInternals = cmp.Options{
	cmpopts.IgnoreUnexported(config.Config{}, config.Server{}), cmpopts.EquateEmpty(),
}

func TestDefaultsAreTheDocumentedOnes(t *testing.T) {
	if diff := cmp.Diff(want(), mustLoad(t, "", oneIssuer...), ignoreInternals); diff != "" {
		t.Error(diff)
	}
}

func TestExampleShowsEveryKeyWithItsDefault(t *testing.T) {
	const example = "../../config.example.toml"
	got := mustLoad(t, example)
	got.Mapping.File, _ = filepath.Rel("../..", got.Mapping.File)
	if diff := cmp.Diff(want(), got, ignoreInternals); diff != "" {
		t.Error(diff)
	}
	data, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	section := ""
	shown := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "# ") { // a key of an optional table is commented out: "#path = ..."
			line = strings.TrimPrefix(line, "#")
		}
		line, _, _ = strings.Cut(line, "#")
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(strings.TrimSpace(line), "[]")
		} else if key, _, ok := strings.Cut(line, "="); ok {
			shown[section+"."+strings.TrimSpace(key)] = true
		}
	}
	reference := config.Reference()
	for _, key := range reference {
		if !shown[key.Section+"."+key.Name] {
			t.Errorf("%s.%s is not in %s", key.Section, key.Name, example)
		}
	}
	if len(shown) != len(reference) {
		t.Errorf("the example shows %d keys, there are %d", len(shown), len(reference))
	}
}

func TestEveryKeyCanBeSetInTheFileAndInTheEnvironment(t *testing.T) {
	file := write(t, "config.toml", strings.ReplaceAll(`
[server]
listen = "0.0.0.0:9000"
path = "/a/b"
caller_tokens = ["Bearer  two blanks inside", "another,with,commas"]
max_body = 1048576
shutdown_grace = "1m"
drain_delay = "10s"
max_connections = 100
[[endpoint]]
path = "/rustfs"
dialect = "rustfs"
[[endpoint]]
path = "/second"
[admin]
listen = "[::1]:9001"
[[issuer]]
name = "one"
url = "https://one.example/"
oidc_provider = "default"
audiences = ["a", "b"]
algorithms = ["PS256", "PS384", "PS512", "RS384", "RS512"]
jwks_url = "http://127.0.0.1:9000/jwks"
username_claim = "sub"
allow_delegation = true
insecure_http = true
leeway = "0s"
max_lifetime = "1h"
refresh = "1s"
refetch_cooldown = "2s"
max_stale = "3s"
snapshot_file = "DIR/keys.json"
[issuer.introspection]
ttl = "5s"
on_error = "allow"
[[issuer]]
name = "two"
url = "http://localhost:9000/application/o/two/"
audiences = ["c"]
[evidence]
keys = ["token"]
max_token = "8KiB"
static_credentials = "any"
without_token = "claims"
service_account_max_age = "720h"
[owner]
decision = "evaluate"
[mapping]
file = "DIR/who.toml"
[cache]
token_ttl = "1s"
token_bytes = "1GiB"
decision_entries = 1_000
[audit]
output = "off"
allow = "1/100"
[revocation]
store = "redis://valkey:6379/3"
[log]
level = "debug"
format = "console"
`, "DIR", "/d"))
	env := []string{
		"CLAIMGATE_SERVER_LISTEN=0.0.0.0:9000",
		"CLAIMGATE_SERVER_PATH=/a/b",
		"CLAIMGATE_ENDPOINT_0_PATH=/rustfs",
		"CLAIMGATE_ENDPOINT_0_DIALECT=rustfs",
		"CLAIMGATE_ENDPOINT_1_PATH=/second",
		"CLAIMGATE_ISSUER_0_OIDC_PROVIDER=default",
		"CLAIMGATE_SERVER_MAX_BODY=1048576",
		"CLAIMGATE_SERVER_SHUTDOWN_GRACE=1m",
		"CLAIMGATE_SERVER_DRAIN_DELAY=10s",
		"CLAIMGATE_SERVER_MAX_CONNECTIONS=100",
		"CLAIMGATE_ADMIN_LISTEN=[::1]:9001",
		"CLAIMGATE_ISSUER_0_NAME=one",
		"CLAIMGATE_ISSUER_0_URL=https://one.example/",
		"CLAIMGATE_ISSUER_0_AUDIENCES=a, b",
		"CLAIMGATE_ISSUER_0_ALGORITHMS=PS256,PS384,PS512,RS384,RS512",
		"CLAIMGATE_ISSUER_0_JWKS_URL=http://127.0.0.1:9000/jwks",
		"CLAIMGATE_ISSUER_0_USERNAME_CLAIM=sub",
		"CLAIMGATE_ISSUER_0_ALLOW_DELEGATION=true",
		"CLAIMGATE_ISSUER_0_INSECURE_HTTP=true",
		"CLAIMGATE_ISSUER_0_LEEWAY=0s",
		"CLAIMGATE_ISSUER_0_MAX_LIFETIME=1h",
		"CLAIMGATE_ISSUER_0_REFRESH=1s",
		"CLAIMGATE_ISSUER_0_REFETCH_COOLDOWN=2s",
		"CLAIMGATE_ISSUER_0_MAX_STALE=3s",
		"CLAIMGATE_ISSUER_0_SNAPSHOT_FILE=/d/keys.json",
		"CLAIMGATE_ISSUER_0_INTROSPECTION_TTL=5s",
		"CLAIMGATE_ISSUER_0_INTROSPECTION_ON_ERROR=allow",
		"CLAIMGATE_ISSUER_1_NAME=two",
		"CLAIMGATE_ISSUER_1_URL=http://localhost:9000/application/o/two/",
		"CLAIMGATE_ISSUER_1_AUDIENCES=c",
		"CLAIMGATE_EVIDENCE_KEYS=token",
		"CLAIMGATE_EVIDENCE_MAX_TOKEN=8KiB",
		"CLAIMGATE_EVIDENCE_STATIC_CREDENTIALS=any",
		"CLAIMGATE_EVIDENCE_WITHOUT_TOKEN=claims",
		"CLAIMGATE_EVIDENCE_SERVICE_ACCOUNT_MAX_AGE=720h",
		"CLAIMGATE_OWNER_DECISION=evaluate",
		"CLAIMGATE_MAPPING_FILE=/d/who.toml",
		"CLAIMGATE_CACHE_TOKEN_TTL=1s",
		"CLAIMGATE_CACHE_TOKEN_BYTES=1GiB",
		"CLAIMGATE_CACHE_DECISION_ENTRIES=1000",
		"CLAIMGATE_AUDIT_OUTPUT=off",
		"CLAIMGATE_AUDIT_ALLOW=1/100",
		"CLAIMGATE_REVOCATION_STORE=redis://valkey:6379/3",
		"CLAIMGATE_LOG_LEVEL=debug",
		"CLAIMGATE_LOG_FORMAT=console",
	}
	fromFile := mustLoad(t, file)
	if diff := cmp.Diff([]config.Secret{"Bearer  two blanks inside", "another,with,commas"}, fromFile.Server.CallerTokens); diff != "" {
		t.Error(diff)
	}
	fromFile.Server.CallerTokens = nil
	fromEnv := mustLoad(t, "", env...)
	if diff := cmp.Diff(fromFile, fromEnv, ignoreInternals); diff != "" {
		t.Errorf("file and environment differ: %s", diff)
	}
	both := mustLoad(t, file, "CLAIMGATE_ISSUER_1_AUDIENCES=d,e", "CLAIMGATE_ISSUER_2_URL=https://three.example/", "CLAIMGATE_ISSUER_2_NAME=three",
		"CLAIMGATE_ISSUER_2_AUDIENCES=f", "CLAIMGATE_SERVER_CALLER_TOKENS=first token of many,second token of many", "OTHER=1", "CLAIMGATE_CONFIG=x")
	if diff := cmp.Diff([]string{"d", "e"}, both.Issuers[1].Audiences); diff != "" {
		t.Error(diff)
	}
	if len(both.Issuers) != 3 || both.Issuers[2].MaxLifetime != 24*time.Hour || both.Issuers[0].Name != "one" {
		t.Errorf("issuers of file and environment together: %+v", both.Issuers)
	}
	if diff := cmp.Diff([]config.Secret{"first token of many", "second token of many"}, both.Server.CallerTokens); diff != "" {
		t.Error(diff)
	}
}

func TestDrainDelayIsAtMostHalfOfShutdownGrace(t *testing.T) {
	for grace, want := range map[string]time.Duration{"0s": 0, "4s": 2 * time.Second, "15s": 5 * time.Second} {
		c := mustLoad(t, "", append(oneIssuer, "CLAIMGATE_SERVER_SHUTDOWN_GRACE="+grace)...)
		if c.Server.DrainDelay != want {
			t.Errorf("of %s the drain takes %s, want %s", grace, c.Server.DrainDelay, want)
		}
	}
}

func TestPathsAreRelativeToTheFileOrTheWorkingDirectory(t *testing.T) {
	file := write(t, "config.toml", `
[[issuer]]
url = "https://a.example/"
audiences = ["a"]
snapshot_file = "keys.json"
[audit]
output = "audit.jsonl"
`)
	dir := filepath.Dir(file)
	c := mustLoad(t, file)
	for got, want := range map[string]string{
		c.Mapping.File:            filepath.Join(dir, "mapping.toml"),
		c.Issuers[0].SnapshotFile: filepath.Join(dir, "keys.json"),
		c.Audit.Output:            filepath.Join(dir, "audit.jsonl"),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	c = mustLoad(t, file, "CLAIMGATE_MAPPING_FILE=elsewhere/m.toml", "CLAIMGATE_AUDIT_OUTPUT=a.jsonl")
	if c.Mapping.File != "elsewhere/m.toml" || c.Audit.Output != "a.jsonl" {
		t.Errorf("a path in a variable was moved: %s, %s", c.Mapping.File, c.Audit.Output)
	}
	c = mustLoad(t, file, "CLAIMGATE_MAPPING_FILE=/abs/m.toml")
	if c.Mapping.File != "/abs/m.toml" {
		t.Errorf("an absolute path was moved: %s", c.Mapping.File)
	}
}

func TestReferenceNamesEveryKeyWithDoc(t *testing.T) {
	types := map[string]string{}
	for _, key := range config.Reference() {
		if key.Doc == "" {
			t.Errorf("%s.%s has no doc", key.Section, key.Name)
		}
		types[key.Env] = key.Type
	}
	want := map[string]string{
		"CLAIMGATE_SERVER_LISTEN":                       "string",
		"CLAIMGATE_SERVER_MAX_BODY":                     "size",
		"CLAIMGATE_SERVER_CALLER_TOKENS":                "list",
		"CLAIMGATE_CACHE_DECISION_ENTRIES":              "integer",
		"CLAIMGATE_ISSUER_<n>_INSECURE_HTTP":            "boolean",
		"CLAIMGATE_ISSUER_<n>_INTROSPECTION_TTL":        "duration",
		"CLAIMGATE_ISSUER_<n>_INTROSPECTION_CLIENT_ID":  "string",
		"CLAIMGATE_EVIDENCE_SERVICE_ACCOUNT_MAX_AGE":    "duration",
		"CLAIMGATE_ISSUER_<n>_AUDIENCES":                "list",
		"CLAIMGATE_REVOCATION_PASSWORD_FILE":            "string",
		"CLAIMGATE_ISSUER_<n>_INTROSPECTION_ON_ERROR":   "string",
		"CLAIMGATE_SERVER_CALLER_TOKENS_FILE":           "string",
		"CLAIMGATE_SERVER_SHUTDOWN_GRACE":               "duration",
		"CLAIMGATE_ISSUER_<n>_INTROSPECTION_CLIENT_URL": "",
	}
	for env, typ := range want {
		if types[env] != typ {
			t.Errorf("%s is %q, want %q", env, types[env], typ)
		}
	}
}
