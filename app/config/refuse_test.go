package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/internal/finding"
)

const issuerTOML = `
[[issuer]]
url = "https://a.example/"
audiences = ["a"]
`

// Each file is refused with one error, which holds the text want. A file that names config.toml as another file
// may have further errors.
func TestWhatTheFileMayNotSay(t *testing.T) {
	tests := []struct {
		name, toml, want string
	}{
		{"a key in another case", "[server]\nListen = \":1\"" + issuerTOML, `config.toml:2:1: error C003: unknown key "Listen" in [server]; did you mean listen?`},
		{"a key beside its twin in another case", "[server]\nlisten = \":1\"\nLISTEN = \":2\"" + issuerTOML, `config.toml:3:1: error C003: unknown key "LISTEN" in [server]; did you mean listen?`},
		{"a section in another case", "[Server]\nlisten = \":1\"" + issuerTOML, `config.toml:1:1: error C003: unknown key "Server" at the top of the file; did you mean server?`},
		{"a former url that is none", issuerTOML + "formerly = [\"old\"]", `config.toml:5:1: error C005: issuer.formerly: "old" is not a URL; write the iss of the old tokens, byte for byte`},
		{"a former url of today", issuerTOML + "formerly = [\"https://a.example/\"]", `config.toml:5:1: error C010: issuer.formerly: "https://a.example/" is the url of issuer "authentik"; remove it`},
		{"a misspelled key", issuerTOML + "max_lifetme = \"1h\"", `config.toml:5:1: error C003: unknown key "max_lifetme" in [issuer]; did you mean max_lifetime?`},
		{"a key nobody knows", "[log]\nzzzzzzzzzz = 1" + issuerTOML, `config.toml:2:1: error C003: unknown key "zzzzzzzzzz" in [log]; the keys here are level, format`},
		{"a key twice", "[log]\nlevel = \"info\"\nlevel = \"info\"", `config.toml:3:1: error C002: not TOML`},
		{"no TOML", "[server\n", `config.toml:1:8: error C002: not TOML`},
		{"a byte order mark of UTF-16", "\xff\xfe[\x00s\x00]\x00", `config.toml:1:1: error C002: the file is UTF-16, not UTF-8`},
		{"no UTF-8", "[log]\nlevel = \"\xff\"", `config.toml:2:10: error C002: the file is not valid UTF-8`},
		{"a number for a string", "[server]\nlisten = 8080" + issuerTOML, `config.toml:2:10: error C004: server.listen must be a string, not an integer; write a string in quotes`},
		{"a string for a list", "[evidence]\nkeys = \"a\"" + issuerTOML, `config.toml:2:8: error C004: evidence.keys must be a list, not a string`},
		{"a number in a list of strings", "[evidence]\nkeys = [\"a\", 5]" + issuerTOML, `config.toml:2:14: error C004: an element of evidence.keys must be a string, not an integer`},
		{"a string for a boolean", issuerTOML + "insecure_http = \"true\"", `config.toml:5:17: error C004: issuer.insecure_http must be a boolean, not a string`},
		{"a string for a number", "[cache]\ndecision_entries = \"5\"" + issuerTOML, `config.toml:2:20: error C004: cache.decision_entries must be an integer, not a string`},
		{"a number for a duration", "[cache]\ntoken_ttl = 5" + issuerTOML, `config.toml:2:13: error C004: cache.token_ttl: must be a duration, not an integer; write a string with a unit, such as "30s"`},
		{"a float for a size", "[cache]\ntoken_bytes = 5.5" + issuerTOML, `config.toml:2:15: error C004: cache.token_bytes: must be a size, not a float; write a string with a unit, such as "4MiB"`},
		{"one issuer table", "[issuer]\nurl = \"https://a.example/\"", `config.toml:1:1: error C004: issuer is a list of tables, not one table; write [[issuer]]`},
		{"a list of servers", "[[server]]\nlisten = \":1\"" + issuerTOML, `config.toml:1:1: error C004: server is one table, not a list of tables; write [server], once`},
		{"a string for a section", "server = \":1\"" + issuerTOML, `config.toml:1:10: error C004: server must be a table, not a string`},
		{"a duration in days", "[cache]\ntoken_ttl = \"1d\"" + issuerTOML, `config.toml:2:13: error C005: cache.token_ttl: "1d" is not a duration`},
		{"a decimal unit", "[server]\nmax_body = \"4MB\"" + issuerTOML, `config.toml:2:12: error C005: server.max_body: "4MB" is not a size`},
		{"a negative size", "[server]\nmax_body = \"-4MiB\"" + issuerTOML, `config.toml:2:12: error C005: server.max_body: "-4MiB" is not a size`},
		{"a size beyond counting", "[server]\nmax_body = \"9223372036854775807KiB\"" + issuerTOML, `config.toml:2:12: error C005: server.max_body: "9223372036854775807KiB" is not a size`},
		{"a negative number for a size", "[server]\nmax_body = -4" + issuerTOML, `config.toml:2:12: error C005: server.max_body: -4 is too little; write 1KiB or more`},
		{"an empty size", "[server]\nmax_body = \"\"" + issuerTOML, `config.toml:2:12: error C005: server.max_body: "" is not a size`},
		{"a body limit of zero", "[server]\nmax_body = 0" + issuerTOML, `config.toml:2:12: error C005: server.max_body: 0 is too little`},
		{"a body limit without limit", "[server]\nmax_body = \"2GiB\"" + issuerTOML, `config.toml:2:12: error C005: server.max_body: 2GiB is too much; write 1GiB or less`},
		{"a negative duration", issuerTOML + "leeway = \"-1s\"", `config.toml:5:10: error C005: issuer.leeway: -1s is too little; write 0s or more`},
		{"a leeway that forgives everything", issuerTOML + "leeway = \"1h\"", `config.toml:5:10: error C005: issuer.leeway: 1h0m0s is too much; write 5m or less`},
		{"a cooldown of zero", issuerTOML + "refetch_cooldown = \"0s\"", `config.toml:5:20: error C005: issuer.refetch_cooldown: 0s is too little`},
		{"no decisions to remember", "[cache]\ndecision_entries = 0" + issuerTOML, `config.toml:2:20: error C005: cache.decision_entries: 0 is too little; write 1 or more`},
		{"a misspelled choice", "[evidence]\nstatic_credentials = \"Any\"" + issuerTOML, `config.toml:2:22: error C005: evidence.static_credentials: "Any" is not one of deny, match, any; did you mean any?`},
		{"another choice", "[log]\nlevel = \"trace\"" + issuerTOML, `config.toml:2:9: error C005: log.level: "trace" is not one of debug, info, warn, error; write one of debug, info, warn, error`},
		{"a listen address without a port", "[server]\nlisten = \"127.0.0.1\"" + issuerTOML, `config.toml:2:10: error C005: server.listen: "127.0.0.1" is not an address with a port`},
		{"a port out of range", "[admin]\nlisten = \"127.0.0.1:65536\"" + issuerTOML, `config.toml:2:10: error C005: admin.listen: "65536" is not a port number`},
		{"a host with a blank", "[admin]\nlisten = \"a b:1\"" + issuerTOML, `config.toml:2:10: error C005: admin.listen: "a b" is not a host`},
		{"a path pattern", "[server]\npath = \"/:any\"" + issuerTOML, `config.toml:2:8: error C005: server.path: "/:any" is not a plain path`},
		{"a path going up", "[server]\npath = \"/a/../b\"" + issuerTOML, `config.toml:2:8: error C005: server.path: "/a/../b" is not a plain path`},
		{"no path", "[server]\npath = \"\"" + issuerTOML, `config.toml:2:8: error C005: server.path: "" is not a plain path`},
		{"the path of logout tokens", "[server]\npath = \"/backchannel-logout/\"" + issuerTOML, `config.toml:2:8: error C010: server.path: /backchannel-logout is the path for the issuer's logout tokens`},
		{"two listeners on one port", "[server]\nlisten = \":1\"\n[admin]\nlisten = \":1\"" + issuerTOML, `config.toml:4:10: error C010: admin.listen: both listeners are on :1`},
		{"the admin's default port", "[server]\nlisten = \"127.0.0.1:8081\"" + issuerTOML, `config.toml:2:10: error C010: server.listen: both listeners are on 127.0.0.1:8081`},
		{"a certificate without a key", "[server]\ntls_cert = \"c.pem\"" + issuerTOML, `config.toml:2:12: error C010: server.tls_cert: tls_key is missing`},
		{"a key without a certificate", "[server]\ntls_key = \"c.pem\"" + issuerTOML, `config.toml:2:11: error C010: server.tls_key: tls_cert is missing`},
		{"certificates of clients without TLS", "[server]\nclient_ca = \"ca.pem\"" + issuerTOML, `config.toml:2:13: error C010: server.client_ca: callers cannot show a certificate without TLS`},
		{"certificate files that are not there", "[server]\ntls_cert = \"c.pem\"\ntls_key = \"k.pem\"" + issuerTOML, `config.toml:2:12: error C007: server.tls_cert: certificate and key cannot be used: there is no such file: DIR/c.pem`},
		{"an empty caller token", "[server]\ncaller_tokens = [\"0123456789abcdef\", \"\"]" + issuerTOML, `config.toml:2:38: error C005: server.caller_tokens: the token is empty`},
		{"a caller token that can't match", "[server]\ncaller_tokens = [\"0123456789abcdef \"]" + issuerTOML, `config.toml:2:18: error C005: server.caller_tokens: the token has a blank before or after it`},
		{"a caller token no header can hold", "[server]\ncaller_tokens = [\"0123456789abcdef\\u0000\"]" + issuerTOML, `config.toml:2:18: error C005: server.caller_tokens: the token holds a control character`},
		{"a caller token file that is not there", "[server]\ncaller_tokens_file = \"tokens\"" + issuerTOML, `config.toml:2:22: error C007: server.caller_tokens_file: there is no such file: DIR/tokens`},
		{"no issuer", "", `config.toml: error C008: issuer: no issuer is configured`},
		{"an issuer without url", "[[issuer]]\naudiences = [\"a\"]", `config.toml:1:1: error C008: issuer: url is missing`},
		{"an issuer without audiences", "[[issuer]]\nurl = \"https://a.example/\"", `config.toml:1:1: error C008: issuer: audiences is missing`},
		{"empty audiences", "[[issuer]]\nurl = \"https://a.example/\"\naudiences = []", `config.toml:3:1: error C005: issuer.audiences: the list is empty`},
		{"an empty audience", "[[issuer]]\nurl = \"https://a.example/\"\naudiences = [\"\"]", `config.toml:3:14: error C005: issuer.audiences: an element is empty`},
		{"an audience twice", "[[issuer]]\nurl = \"https://a.example/\"\naudiences = [\"a\", \"a\"]", `config.toml:3:19: error C009: issuer.audiences: "a" is in the list twice`},
		{"no evidence", "[evidence]\nkeys = []" + issuerTOML, `config.toml:2:1: error C005: evidence.keys: the list is empty`},
		{"no algorithms", issuerTOML + "algorithms = []", `config.toml:5:1: error C005: issuer.algorithms: the list is empty`},
		{"HS256", issuerTOML + "algorithms = [\"RS256\", \"HS256\"]", `config.toml:5:24: error C005: issuer.algorithms: "HS256" is symmetric`},
		{"none", issuerTOML + "algorithms = [\"None\"]", `config.toml:5:15: error C005: issuer.algorithms: "None" means unsigned tokens`},
		{"an algorithm in another case", issuerTOML + "algorithms = [\"rs256\"]", `config.toml:5:15: error C005: issuer.algorithms: "rs256" is not an allowed signature algorithm; did you mean RS256?`},
		{"an unknown algorithm", issuerTOML + "algorithms = [\"MD5withRSA\"]", `config.toml:5:15: error C005: issuer.algorithms: "MD5withRSA" is not an allowed signature algorithm; write one of RS256`},
		{"an issuer over plain http", "[[issuer]]\naudiences = [\"a\"]\nurl = \"http://auth.example/\"", `config.toml:3:7: error C005: issuer.url: over plain http an attacker on the network can replace the keys`},
		{"keys over plain http", issuerTOML + "jwks_url = \"http://auth.example/jwks\"", `config.toml:5:12: error C005: issuer.jwks_url: over plain http`},
		{"an issuer without scheme", "[[issuer]]\naudiences = [\"a\"]\nurl = \"auth.example/\"", `config.toml:3:7: error C005: issuer.url: "auth.example/" is not an http or https URL`},
		{"a password in a misspelled issuer", "[[issuer]]\naudiences = [\"a\"]\nurl = \"https:me:S3cret@auth.example/\"", `config.toml:3:7: error C005: issuer.url: the value is not an http or https URL`},
		{"an empty issuer", "[[issuer]]\naudiences = [\"a\"]\nurl = \"\"", `config.toml:3:7: error C005: issuer.url: "" is not an http or https URL`},
		{"an issuer that is no URL", "[[issuer]]\naudiences = [\"a\"]\nurl = \"https://[\"", `config.toml:3:7: error C005: issuer.url: the value is not a URL`},
		{"an issuer with a query", "[[issuer]]\naudiences = [\"a\"]\nurl = \"https://a.example/?a\"", `config.toml:3:7: error C005: issuer.url: an issuer has no query`},
		{"an issuer with a fragment", "[[issuer]]\naudiences = [\"a\"]\nurl = \"https://a.example/#\"", `config.toml:3:7: error C005: issuer.url: the URL has a fragment`},
		{"a discovery document", "[[issuer]]\naudiences = [\"a\"]\nurl = \"https://a.example/.well-known/openid-configuration\"", `config.toml:3:7: error C005: issuer.url: this is the address of a discovery document`},
		{"a password in a URL", "[[issuer]]\naudiences = [\"a\"]\nurl = \"https://u:p4ssw0rd@a.example/\"", `config.toml:3:7: error C005: issuer.url: the URL holds a user or a password`},
		{"two issuers of one name", issuerTOML + "[[issuer]]\nurl = \"https://b.example/\"\naudiences = [\"a\"]", `config.toml:5:1: error C009: issuer: a second issuer is named "authentik"`},
		{"two issuers of one name, said so", issuerTOML + "[[issuer]]\nname = \"authentik\"\nurl = \"https://b.example/\"\naudiences = [\"a\"]", `config.toml:6:8: error C009: issuer.name: a second issuer is named "authentik"`},
		{"two issuers of one url", issuerTOML + "[[issuer]]\nname = \"b\"\nurl = \"https://a.example/\"\naudiences = [\"a\"]", `config.toml:7:7: error C009: issuer.url: a second issuer has this url`},
		{"two issuers, one snapshot", issuerTOML + "snapshot_file = \"s\"\n[[issuer]]\nname = \"b\"\nurl = \"https://b.example/\"\naudiences = [\"a\"]\nsnapshot_file = \"s\"", `config.toml:10:17: error C009: issuer.snapshot_file: a second issuer has this snapshot file`},
		{"an issuer without a name", issuerTOML + "name = \"\"", `config.toml:5:8: error C005: issuer.name: "" is not a name`},
		{"an issuer's name with blanks", issuerTOML + "name = \" a\"", `config.toml:5:8: error C005: issuer.name: " a" is not a name`},
		{"no username claim", issuerTOML + "username_claim = \"\"", `config.toml:5:18: error C005: issuer.username_claim: "" is not a name`},
		{"stale before refreshed", issuerTOML + "max_stale = \"1m\"", `config.toml:5:13: error C010: issuer.max_stale: keys would go stale between two refreshes`},
		{"refreshed after stale", issuerTOML + "refresh = \"24h\"\nmax_stale=\"23h\"", `config.toml:6:11: error C010: issuer.max_stale: keys would go stale`},
		{"refreshed too rarely", issuerTOML + "refresh = \"25h\"", `config.toml:5:11: error C005: issuer.refresh: 25h0m0s is too much; write 24h or less`},
		{"a body limit for no token", "[cache]\ndecision_entries = 1_000_000_001" + issuerTOML, `config.toml:2:20: error C005: cache.decision_entries: 1000000001 is too much`},
		{"a CA file that is not there", issuerTOML + "ca_file = \"ca.pem\"", `config.toml:5:11: error C007: issuer.ca_file: there is no such file: DIR/ca.pem`},
		{"a CA file without a certificate", issuerTOML + "ca_file = \"config.toml\"", `config.toml:5:11: error C007: issuer.ca_file: the file holds no PEM certificate`},
		{"a client without its secret", issuerTOML + "[issuer.introspection]\nclient_id = \"c\"", `config.toml:6:13: error C010: issuer.introspection.client_id: introspection needs the client's secret`},
		{"a token larger than any body", "[evidence]\nmax_token = \"512KiB\"\n[server]\nmax_body = \"100KiB\"" + issuerTOML, `config.toml:2:13: error C010: evidence.max_token: evidence.max_token is larger than server.max_body`},
		{"a body smaller than any token", "[server]\nmax_body = \"1KiB\"" + issuerTOML, `config.toml:2:12: error C010: server.max_body: evidence.max_token is larger than server.max_body`},
		{"no mapping", "[mapping]\nfile = \"\"" + issuerTOML, `config.toml:2:8: error C005: mapping.file: the mapping has no file name`},
		{"no place for decisions", "[audit]\noutput = \"\"" + issuerTOML, `config.toml:2:10: error C005: audit.output: the value is empty`},
		{"a rate above one", "[audit]\nallow = \"3/2\"" + issuerTOML, `config.toml:2:9: error C005: audit.allow: "3/2" is not a rate`},
		{"a rate of nothing", "[audit]\nallow = \"0/2\"" + issuerTOML, `config.toml:2:9: error C005: audit.allow: "0/2" is not a rate`},
		{"a rate by zero", "[audit]\nallow = \"1/0\"" + issuerTOML, `config.toml:2:9: error C005: audit.allow: "1/0" is not a rate`},
		{"half a rate", "[audit]\nallow = \"1/\"" + issuerTOML, `config.toml:2:9: error C005: audit.allow: "1/" is not a rate`},
		{"a chain of nothing", "[audit]\noutput = \"off\"\nchain = true" + issuerTOML, `config.toml:3:9: error C010: audit.chain: there is no decision log`},
		{"a failure that is neither", "[audit]\non_failure = \"allow\"" + issuerTOML, `config.toml:2:14: error C005: audit.on_failure: "allow" is not one of deny, continue`},
		{"a share in percent", "[audit]\nallow = \"1%\"" + issuerTOML, `config.toml:2:9: error C005: audit.allow: "1%" is not a rate`},
		{"an unknown store", "[revocation]\nstore = \"etcd://a\"" + issuerTOML, `config.toml:2:9: error C005: revocation.store: "etcd://a" is not a store`},
		{"a password in a misspelled store", "[revocation]\nstore = \"redis:me:S3cret@a\"" + issuerTOML, `config.toml:2:9: error C005: revocation.store: the value is not a store`},
		{"a store without a host", "[revocation]\nstore = \"redis:///0\"" + issuerTOML, `config.toml:2:9: error C005: revocation.store: "redis:///0" is not a store`},
		{"a store that is no URL", "[revocation]\nstore = \"redis://[\"" + issuerTOML, `config.toml:2:9: error C005: revocation.store: the value is not a URL`},
		{"a database that is no number", "[revocation]\nstore = \"redis://a/b\"" + issuerTOML, `config.toml:2:9: error C005: revocation.store: "b" is not a database number`},
		{"a password for memory", "[revocation]\npassword_file = \"config.toml\"" + issuerTOML, `C010: revocation.password_file: the store in memory has no password`},
		{"an introspection endpoint in clear", "[[issuer]]\nurl = \"https://a/\"\naudiences = [\"m\"]\n[issuer.introspection]\nendpoint = \"http://a/introspect/\"\n", `config.toml:5:12: error C005: issuer.introspection.endpoint: over plain http`},
		{"a certificate for memory", "[revocation]\nca_file = \"config.toml\"" + issuerTOML, `C010: revocation.ca_file: the store in memory has no certificate`},
		{"a certificate for a store without TLS", "[revocation]\nstore = \"redis://a\"\nca_file = \"config.toml\"" + issuerTOML, `C010: revocation.ca_file: a redis:// store uses no certificate`},
		{"a certificate that is none", "[revocation]\nstore = \"rediss://a\"\nca_file = \"config.toml\"" + issuerTOML, `C007: revocation.ca_file: the file holds no PEM certificate`},
		{"a password file that is not there", "[revocation]\nstore = \"redis://a\"\npassword_file = \"pw\"" + issuerTOML, `config.toml:3:17: error C007: revocation.password_file: there is no such file: DIR/pw`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, "config.toml", tt.toml)
			dir := filepath.Dir(path)
			c, findings := config.Load(path, nil)
			if c != nil {
				t.Fatal("accepted")
			}
			failures := errorsOf(findings)
			var got []string
			for _, f := range failures {
				if !slices.ContainsFunc(config.Codes(), func(c finding.Code) bool { return c.Code == f.Code && c.Severity == f.Severity && c.Meaning != "" }) {
					t.Errorf("%s is not in the list of codes", f.Code)
				}
				text := strings.ReplaceAll(f.String(), dir+"/config.toml", "config.toml")
				got = append(got, strings.ReplaceAll(text, dir, "DIR"))
				if f.Message == "" || f.Fix == "" {
					t.Errorf("no message or no fix: %+v", f)
				}
				if strings.Contains(text, "p4ssw0rd") {
					t.Errorf("a password is shown: %s", text)
				}
			}
			if !strings.Contains(got[0], tt.want) {
				t.Errorf("got  %s\nwant %s", got[0], tt.want)
			}
			if n := strings.Count(tt.toml, "config.toml"); len(got) > 1 && n == 0 {
				t.Errorf("more than one finding: %v", got)
			}
		})
	}
}

func TestWhatAVariableMayNotSay(t *testing.T) {
	tests := []struct{ name, env, want string }{
		{"a misspelled key", "CLAIMGATE_SERVER_LISTN=:1", "environment: error C006: CLAIMGATE_SERVER_LISTN: there is no such setting; did you mean CLAIMGATE_SERVER_LISTEN? Else unset it"},
		{"an unknown key", "CLAIMGATE_Z=1", "environment: error C006: CLAIMGATE_Z: there is no such setting; unset it"},
		{"an issuer's number skipped", "CLAIMGATE_ISSUER_2_URL=https://c.example/", "environment: error C006: CLAIMGATE_ISSUER_2_URL: there is no such setting; issuers are numbered without gaps, and the next free number is 1"},
		{"an issuer's unknown key", "CLAIMGATE_ISSUER_0_URI=https://c.example/", "environment: error C006: CLAIMGATE_ISSUER_0_URI: there is no such setting; did you mean CLAIMGATE_ISSUER_0_URL? Else unset it"},
		{"a port, as people expect it", "CLAIMGATE_SERVER_PORT=8080", "environment: error C006: CLAIMGATE_SERVER_PORT"},
		{"a bad boolean", "CLAIMGATE_ISSUER_0_INSECURE_HTTP=yes", `environment: error C005: CLAIMGATE_ISSUER_0_INSECURE_HTTP: "yes" is neither true nor false`},
		{"a bad number", "CLAIMGATE_CACHE_DECISION_ENTRIES=many", `environment: error C005: CLAIMGATE_CACHE_DECISION_ENTRIES: "many" is not a whole number`},
		{"a bad duration", "CLAIMGATE_CACHE_TOKEN_TTL=5", `environment: error C005: CLAIMGATE_CACHE_TOKEN_TTL: "5" is not a duration`},
		{"a bad size", "CLAIMGATE_CACHE_TOKEN_BYTES=lots", `environment: error C005: CLAIMGATE_CACHE_TOKEN_BYTES: "lots" is not a size`},
		{"a value out of bounds", "CLAIMGATE_CACHE_TOKEN_TTL=0s", `environment: error C005: CLAIMGATE_CACHE_TOKEN_TTL: 0s is too little; write 1s or more`},
		{"an empty token", "CLAIMGATE_SERVER_CALLER_TOKENS=", `environment: error C005: CLAIMGATE_SERVER_CALLER_TOKENS: the token is empty`},
		{"an empty list", "CLAIMGATE_ISSUER_0_AUDIENCES=", `environment: error C005: CLAIMGATE_ISSUER_0_AUDIENCES: an element is empty`},
		{"a trailing comma", "CLAIMGATE_ISSUER_0_ALGORITHMS=RS256,", `environment: error C005: CLAIMGATE_ISSUER_0_ALGORITHMS: an element is empty`},
		{"a half-made issuer", "CLAIMGATE_ISSUER_1_NAME=two", `environment: error C008: CLAIMGATE_ISSUER_1_*: url is missing`},
		{"a secret's file that is not there", "CLAIMGATE_ISSUER_0_INTROSPECTION_CLIENT_SECRET_FILE=/nowhere/s", `environment: error C010: CLAIMGATE_ISSUER_0_INTROSPECTION_CLIENT_SECRET_FILE: introspection needs the client's id`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, findings := config.Load("", append([]string{tt.env}, oneIssuer...))
			if tt.name == "an empty list" {
				c, findings = config.Load("", append(oneIssuer[:1:1], tt.env))
			}
			if c != nil {
				t.Fatal("accepted")
			}
			if got := errorsOf(findings)[0].String(); !strings.HasPrefix(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestNothingConfiguredIsAnError(t *testing.T) {
	c, findings := config.Load("", nil)
	if c != nil || len(errorsOf(findings)) != 1 {
		t.Fatalf("%v, %v", c, findings)
	}
	if got := errorsOf(findings)[0]; got.Code != "C008" || got.File != "environment" {
		t.Errorf("%v", got)
	}
}

func TestKubernetesServiceLinksAreIgnored(t *testing.T) {
	links := []string{
		"CLAIMGATE_SERVICE_HOST=10.0.0.1", "CLAIMGATE_SERVICE_PORT=8080", "CLAIMGATE_SERVICE_PORT_HTTP=8080",
		"CLAIMGATE_PORT=tcp://10.0.0.1:8080", "CLAIMGATE_PORT_8080_TCP=tcp://10.0.0.1:8080",
		"CLAIMGATE_PORT_8080_TCP_PROTO=tcp", "CLAIMGATE_PORT_8080_TCP_PORT=8080", "CLAIMGATE_PORT_8080_TCP_ADDR=10.0.0.1",
		"CLAIMGATE_ADMIN_SERVICE_HOST=fd00::1", "CLAIMGATE_ADMIN_PORT=udp://[fd00::1]:8081", "CLAIMGATE_ADMIN_PORT_8081_UDP_ADDR=fd00::1",
	}
	mustLoad(t, "", append(links, oneIssuer...)...)
	for _, env := range []string{
		"CLAIMGATE_SERVICE_HOST=db.example", "CLAIMGATE_SERVICE_PORT=http", "CLAIMGATE_PORT=8080",
		"CLAIMGATE_PORT_8080_TCP_PROTO=http", "CLAIMGATE_PORT_8080_TCP=http://10.0.0.1",
	} {
		if c, _ := config.Load("", append([]string{env}, oneIssuer...)); c != nil {
			t.Errorf("%s was taken for Kubernetes' own", env)
		}
	}
}

func TestAllFindingsComeTogether(t *testing.T) {
	path := write(t, "config.toml", `
[server]
listn = ":1"
max_body = "4MB"
[[issuer]]
url = "http://a.example/"
algorithms = ["none", "HS512"]
[audit]
allow = "x"
`)
	_, findings := config.Load(path, []string{"CLAIMGATE_NO=1", "CLAIMGATE_LOG_LEVEL=loud"})
	var got []string
	for _, f := range errorsOf(findings) {
		got = append(got, fmt.Sprintf("%d %s", f.Line, f.Code))
	}
	want := "3 C003,4 C005,5 C008,6 C005,7 C005,7 C005,9 C005,0 C006,0 C005"
	if strings.Join(got, ",") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ","), want)
	}
}

func TestUnreadableConfiguration(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "big.toml")
	if err := os.WriteFile(big, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(big, 16<<20+1); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none.toml"): "there is no such file",
		dir:                             "is a directory",
		big:                             "larger than 16MiB",
	} {
		c, findings := config.Load(path, oneIssuer)
		if c != nil || len(findings) != 1 || findings[0].Code != "C001" || !strings.Contains(findings[0].Message, want) {
			t.Errorf("%s: %v", path, findings)
		}
	}
}
