package verifier

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"github.com/claimgate/claimgate/verifier/internal/quote"
	"github.com/claimgate/claimgate/verifier/introspection"
)

func TestConfiguration(t *testing.T) {
	dir := t.TempDir()
	notPEM := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(notPEM, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*Issuer)
		want   string // part of the error, "" if the configuration is right
	}{
		{"as in the example", func(*Issuer) {}, ""},
		{"no name", func(i *Issuer) { i.Name = "" }, "the name is empty"},
		{"no url", func(i *Issuer) { i.URL = "" }, `url: "" is not`},
		{"a url without scheme", func(i *Issuer) { i.URL = "auth.example/application/o/minio/" }, "is not an http"},
		{"a url of another scheme", func(i *Issuer) { i.URL = "ftp://auth.example/" }, "is not an http"},
		{"a url without host", func(i *Issuer) { i.URL = "https://:443/" }, "is not an http"},
		{"a url that is none", func(i *Issuer) { i.URL = "https://auth.example/%zz" }, "is not an http"},
		{"a url with a password", func(i *Issuer) { i.URL = "https://me:secret@auth.example/" }, "without user"},
		{"a url with a fragment", func(i *Issuer) { i.URL = "https://auth.example/#a" }, "fragment"},
		{"a url with a query", func(i *Issuer) { i.URL = "https://auth.example/?a" }, "no query"},
		{"plain http", func(i *Issuer) { i.URL = "http://auth.example/" }, "insecure_http"},
		{"plain http, meant", func(i *Issuer) { i.URL, i.InsecureHTTP = "http://auth.example/", true }, ""},
		{"plain http to localhost", func(i *Issuer) { i.URL = "http://LocalHost:9000/" }, ""},
		{"plain http to ::1", func(i *Issuer) { i.URL = "http://[::1]:9000/" }, ""},
		{"plain http to another address", func(i *Issuer) { i.URL = "http://127.0.0.1.example/" }, "insecure_http"},
		{"keys by plain http", func(i *Issuer) { i.JWKSURL = "http://auth.example/jwks/" }, "jwks_url"},
		{"keys at an address with a query", func(i *Issuer) { i.JWKSURL = "https://auth.example/jwks?a=b" }, ""},
		{"no audience", func(i *Issuer) { i.Audiences = nil }, "an empty list accepts nothing"},
		{"an empty audience", func(i *Issuer) { i.Audiences = []string{"a", ""} }, "an empty list accepts nothing"},
		{"no algorithm", func(i *Issuer) { i.Algorithms = nil }, "algorithms is empty"},
		{"HS256", func(i *Issuer) { i.Algorithms = []string{"RS256", "HS256"} }, `"HS256" is not one of`},
		{"none", func(i *Issuer) { i.Algorithms = []string{"none"} }, `"none" is not one of`},
		{"rs256", func(i *Issuer) { i.Algorithms = []string{"rs256"} }, `"rs256" is not one of`},
		{"negative leeway", func(i *Issuer) { i.Leeway = -1 }, "leeway"},
		{"no leeway", func(i *Issuer) { i.Leeway = 0 }, ""},
		{"five minutes of leeway", func(i *Issuer) { i.Leeway = 5 * time.Minute }, ""},
		{"six minutes of leeway", func(i *Issuer) { i.Leeway = 6 * time.Minute }, "leeway"},
		{"no lifetime", func(i *Issuer) { i.MaxLifetime = 0 }, "max_lifetime must be positive"},
		{"no refresh", func(i *Issuer) { i.Refresh = 0 }, "refresh must be positive"},
		{"no cooldown", func(i *Issuer) { i.RefetchCooldown = 0 }, "refetch_cooldown must be positive"},
		{"stale at once", func(i *Issuer) { i.MaxStale = 0 }, "max_stale must be positive"},
		{"stale between refreshes", func(i *Issuer) { i.MaxStale = time.Minute }, "stale between two refreshes"},
		{"a ca_file that is not there", func(i *Issuer) { i.CAFile = filepath.Join(dir, "none") }, "ca_file"},
		{"a ca_file without certificates", func(i *Issuer) { i.CAFile = notPEM }, "no PEM certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := testIssuerConfig()
			c.change(&i)
			v, err := New(Options{Issuers: []Issuer{i}})
			if err == nil {
				v.Close()
			}
			if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// An error about an address never shows a password in the address.
func TestAnAddressWithAPasswordIsNotRepeated(t *testing.T) {
	const secret = "c4nary-s3cret"
	for name, change := range map[string]func(i *Issuer, url string){
		"url":      func(i *Issuer, url string) { i.URL = url },
		"jwks_url": func(i *Issuer, url string) { i.JWKSURL = url },
		"introspection: endpoint": func(i *Issuer, url string) {
			i.Introspection = introspection.Config{ClientID: idp.ClientID, ClientSecret: "x", TTL: time.Minute, Endpoint: url}
		},
	} {
		for _, url := range []string{
			"https://me:" + secret + "@auth.example/",
			"https://" + secret + "@auth.example/",
			"http://me:" + secret + "@auth.example/",
			"https://me:" + secret + "@auth.example/%zz",
			"https:me:" + secret + "@auth.example/",
			"me:" + secret + "@auth.example/",
			"https://me:" + secret + "%40auth.example:x/",
		} {
			i := testIssuerConfig()
			change(&i, url)
			v, err := New(Options{Issuers: []Issuer{i}})
			if err == nil {
				v.Close()
				t.Fatalf("%s was accepted as %s", url, name)
			}
			if !strings.Contains(err.Error(), name+": ") || strings.Contains(err.Error(), secret) {
				t.Errorf("%s = %s: %v", name, url, err)
			}
		}
	}
}

func TestSeveralIssuers(t *testing.T) {
	first := testIssuerConfig()
	first.SnapshotFile = "first.json"
	for _, c := range []struct {
		name   string
		second func(*Issuer)
		want   string
	}{
		{"of one name", func(i *Issuer) { i.Name = first.Name }, "given twice"},
		{"of one url", func(i *Issuer) { i.URL = first.URL }, "given twice"},
		{"of one snapshot file", func(i *Issuer) { i.SnapshotFile = first.SnapshotFile }, "snapshot_file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			second := testIssuerConfig()
			second.Name, second.URL = "second", "https://second.example/"
			c.second(&second)
			_, err := New(Options{Issuers: []Issuer{first, second}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	if _, err := New(Options{}); err == nil {
		t.Error("an empty list of issuers was accepted")
	}
	if _, err := New(Options{Issuers: []Issuer{testIssuerConfig()}, TokenBytes: -1}); err == nil {
		t.Error("a negative TokenBytes was accepted")
	}
}

func TestErrors(t *testing.T) {
	e := &Error{Expired, "exp was yesterday", "log in again"}
	if got := e.Error(); got != "token_expired: exp was yesterday (log in again)" {
		t.Errorf("%q", got)
	}
	if !errors.Is(e, &Error{Reason: Expired}) || errors.Is(e, &Error{Reason: Signature}) || errors.Is(e, context.Canceled) {
		t.Error("errors.Is goes by the reason")
	}
	if ReasonOf(e) != Expired || ReasonOf(errors.New("other")) != "" || ReasonOf(nil) != "" {
		t.Error("ReasonOf returns the reason of this package's errors only")
	}
	if got := quote.Value(strings.Repeat("x", 121)); got != `"`+strings.Repeat("x", 120)+`..."` {
		t.Errorf("quoted: %s", got)
	}
}
