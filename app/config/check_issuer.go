package config

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/claimgate/claimgate/internal/spelling"
)

// Algorithms returns the signature algorithms that an issuer may use. All are asymmetric: with HS256
// everybody who can verify a token can also sign one.
func Algorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
}

func (l *loader) checkIssuers() {
	issuers := l.config.Issuers
	if len(issuers) == 0 {
		l.report(codeMissing, &l.config.Issuers, "no issuer is configured, so no token would be accepted",
			"add [[issuer]] with url and audiences, or set CLAIMGATE_ISSUER_0_URL and CLAIMGATE_ISSUER_0_AUDIENCES")
	}
	names, urls, snapshots := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i := range issuers {
		issuer := &issuers[i]
		l.checkIssuer(issuer)
		if names[issuer.Name] {
			at := any(&issuer.Name)
			if !l.given(at) {
				at = issuer
			}
			l.report(codeDuplicate, at, fmt.Sprintf("a second issuer is named %q", issuer.Name), "give every issuer a name of its own")
		}
		if urls[issuer.URL] && issuer.URL != "" {
			l.report(codeDuplicate, &issuer.URL, "a second issuer has this url", "remove one: the iss of a token must identify one issuer")
		}
		if snapshots[issuer.SnapshotFile] && issuer.SnapshotFile != "" {
			l.report(codeDuplicate, &issuer.SnapshotFile, "a second issuer has this snapshot file", "give every issuer a file of its own")
		}
		l.checkProvider(issuer)
		for n := range issuer.Formerly {
			l.checkFormerly(issuer, issuer.Formerly[n])
		}
		names[issuer.Name], urls[issuer.URL], snapshots[issuer.SnapshotFile] = true, true, true
	}
}

// checkProvider refuses one provider for two issuers: the issuer of a login would not be known.
func (l *loader) checkProvider(i *Issuer) {
	for n := range l.config.Issuers {
		o := &l.config.Issuers[n]
		if o == i {
			return
		}
		if i.OIDCProvider != "" && o.OIDCProvider == i.OIDCProvider {
			l.report(codeContradiction, &i.OIDCProvider, fmt.Sprintf("issuer %q also has the provider %q", o.Name, i.OIDCProvider), "keep it at one issuer: a provider has one issuer")
		}
	}
}

// checkFormerly refuses a former URL that is the URL of an issuer today, or a former URL of another issuer. Else
// access keys of one issuer's users would belong to users of another issuer.
func (l *loader) checkFormerly(i *Issuer, former string) {
	if u, err := url.Parse(former); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		l.report(codeBadValue, &i.Formerly, fmt.Sprintf("%q is not a URL", former), "write the iss of the old tokens, byte for byte")
	}
	for n := range l.config.Issuers {
		o := &l.config.Issuers[n]
		switch {
		case o.URL == former:
			l.report(codeContradiction, &i.Formerly, fmt.Sprintf("%q is the url of issuer %q", former, o.Name), "remove it: access keys of that issuer belong to its own users")
		case o != i && slices.Contains(o.Formerly, former):
			l.report(codeContradiction, &i.Formerly, fmt.Sprintf("issuer %q also has %q", o.Name, former), "keep it at one issuer: an access key belongs to one issuer")
		}
	}
}

func (l *loader) checkIssuer(i *Issuer) {
	switch {
	case !l.given(&i.URL):
		l.report(codeMissing, i, "url is missing", "set url to the iss of the issuer's tokens, byte for byte")
	default:
		l.checkIssuerURL(i)
	}
	if !l.given(&i.Audiences) {
		l.report(codeMissing, i, "audiences is missing", "name the audiences to accept; for Authentik the provider's client ID")
	}
	if l.given(&i.GroupsClaim) && i.GroupsClaim != "groups" && len(i.GroupsPath) > 0 {
		l.report(codeContradiction, &i.GroupsPath, "groups_claim and groups_path both name the groups", "keep one of them: groups_path for a nested claim")
	}
	for n := range i.GroupsPath {
		if i.GroupsPath[n] == "" {
			l.report(codeBadValue, &i.GroupsPath, "groups_path has an empty name", `write the names that lead to the groups, such as ["realm_access", "roles"]`)
		}
	}
	if i.JWKSURL != "" {
		l.checkURL(i, &i.JWKSURL)
	}
	l.checkAlgorithms(i)
	if i.MaxStale < i.Refresh {
		key := &i.MaxStale
		if !l.given(key) {
			key = &i.Refresh
		}
		l.report(codeContradiction, key, "keys would go stale between two refreshes", "make max_stale longer than refresh")
	}
	in := &i.Introspection
	if in.Endpoint != "" {
		l.checkURL(i, &in.Endpoint)
	}
	switch {
	case in.ClientID != "" && in.ClientSecretFile == "":
		l.report(codeContradiction, &in.ClientID, "introspection needs the client's secret", "set introspection.client_secret_file")
	case in.ClientID == "" && in.ClientSecretFile != "":
		l.report(codeContradiction, &in.ClientSecretFile, "introspection needs the client's id", "set introspection.client_id")
	}
}

func (l *loader) checkIssuerURL(i *Issuer) {
	u := l.checkURL(i, &i.URL)
	switch {
	case u == nil:
	case u.RawQuery != "" || u.ForceQuery:
		// OpenID Connect Discovery 1.0, section 3: no query or fragment.
		l.report(codeBadValue, &i.URL, "an issuer has no query", "write the iss of the issuer's tokens, byte for byte")
	case strings.Contains(u.Path, "/.well-known/"):
		l.report(codeBadValue, &i.URL, "this is the address of a discovery document, not an issuer", fmt.Sprintf("write %q", (*u).Scheme+"://"+u.Host+u.Path[:strings.Index(u.Path, "/.well-known/")+1]))
	}
}

// quoteAddress quotes an address, unless it may hold a password. url.Parse does not recognize the user and password
// of a misspelled address, so every address with an @ is hidden.
func quoteAddress(address string) string {
	if strings.Contains(address, "@") {
		return "the value"
	}
	return strconv.Quote(address)
}

// checkURL checks a URL of the issuer. It returns nil if it reported an error.
func (l *loader) checkURL(i *Issuer, key *string) *url.URL {
	const fix = `write the whole address, such as "https://authentik.example.com/application/o/minio/"`
	u, err := url.Parse(*key)
	switch {
	case err != nil:
		l.report(codeBadValue, key, "the value is not a URL", fix)
	case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "":
		l.report(codeBadValue, key, quoteAddress(*key)+" is not an http or https URL", fix)
	case u.User != nil:
		l.report(codeBadValue, key, "the URL holds a user or a password", "remove them: they would be logged")
	case strings.Contains(*key, "#"):
		l.report(codeBadValue, key, "the URL has a fragment", "remove # and what follows")
	case u.Scheme == "http" && !i.InsecureHTTP && !loopback(u.Hostname()):
		l.report(codeBadValue, key, "over plain http an attacker on the network can replace the keys", "use https, or accept the risk with insecure_http = true")
	default:
		return u
	}
	return nil
}

func (l *loader) checkAlgorithms(i *Issuer) {
	allowed := Algorithms()
	for j := range i.Algorithms {
		alg := &i.Algorithms[j]
		switch {
		case *alg == "" || slices.Contains(allowed, *alg): // checkList has reported an empty element
		case strings.HasPrefix(strings.ToUpper(*alg), "HS"):
			l.report(codeBadValue, alg, fmt.Sprintf("%q is symmetric: everybody who can verify a token could sign one", *alg),
				"choose a signing key in the Authentik provider and list its algorithm, such as RS256")
		case strings.EqualFold(*alg, "none"):
			l.report(codeBadValue, alg, fmt.Sprintf("%q means unsigned tokens", *alg), "list the algorithm of the issuer's key, such as RS256")
		default:
			fix := "write one of " + strings.Join(allowed, ", ")
			if near := spelling.Nearest(*alg, allowed); near != "" {
				fix = "did you mean " + near + "?"
			}
			l.report(codeBadValue, alg, fmt.Sprintf("%q is not an allowed signature algorithm", *alg), fix)
		}
	}
}
