package issuerurl_test

import (
	"strings"
	"testing"

	"github.com/claimgate/claimgate/verifier/internal/issuerurl"
)

func TestPlainHTTPNeedsLoopbackOrTheOperatorsConsent(t *testing.T) {
	for _, good := range []string{
		"https://auth.example/", "https://auth.example:9443/x?y=z", "http://localhost/", "http://LOCALHOST:1/",
		"http://127.0.0.1/", "http://127.9.9.9:80/", "http://[::1]:8080/",
	} {
		if err := issuerurl.Check(good, false); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, plain := range []string{"http://auth.example/", "http://10.0.0.1/", "http://localhost.example/"} {
		if err := issuerurl.Check(plain, false); err == nil {
			t.Errorf("%s is accepted", plain)
		}
		if err := issuerurl.Check(plain, true); err != nil {
			t.Errorf("%s with insecure_http: %v", plain, err)
		}
	}
	for _, bad := range []string{"", "auth.example", "ftp://auth.example/", "https:///path", "https://auth.example/#x", "https://%zz/"} {
		if err := issuerurl.Check(bad, true); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestAnErrorHidesAPassword(t *testing.T) {
	for _, bad := range []string{"https://user:s3cret@auth.example/", "https:user:s3cret@auth.example", "https://user:s3cret@%zz/"} {
		if err := issuerurl.Check(bad, false); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%v", err)
		}
	}
}
