package issuer

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestIntrospection(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	i, err := New(Options{URL: "http://auth.example/application/o/minio/", Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	other, err := New(Options{URL: "http://auth.example/application/o/minio/"})
	if err != nil {
		t.Fatal(err)
	}
	alice, _ := i.User("alice")
	good, revoked := i.AccessToken(alice), i.AccessToken(alice)
	i.Revoke(revoked)
	ask := func(token, id, secret string, basic bool) (active bool, sub string) {
		form := url.Values{"token": {token}}
		if !basic {
			form.Set("client_id", id)
			form.Set("client_secret", secret)
		}
		r := httptest.NewRequest("POST", "http://auth.example/application/o/introspect/", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if basic {
			r.SetBasicAuth(id, secret)
		}
		w := httptest.NewRecorder()
		i.ServeHTTP(w, r)
		var answer struct {
			Active bool
			Sub    string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("answered %d %s", w.Code, w.Body)
		}
		return answer.Active, answer.Sub
	}
	for _, c := range []struct {
		name, token, id, secret string
		basic, want             bool
	}{
		{"a good token", good, "minio", DefaultClientSecret, false, true},
		{"by HTTP Basic", good, "minio", DefaultClientSecret, true, true},
		{"a wrong secret", good, "minio", "wrong", false, false},
		{"a wrong client", good, "other", DefaultClientSecret, false, false},
		{"a revoked token", revoked, "minio", DefaultClientSecret, false, false},
		{"another key's token", other.AccessToken(alice), "minio", DefaultClientSecret, false, false},
		{"no token", "", "minio", DefaultClientSecret, false, false},
		{"no signature", good[:strings.LastIndexByte(good, '.')+1], "minio", DefaultClientSecret, false, false},
	} {
		active, sub := ask(c.token, c.id, c.secret, c.basic)
		if active != c.want || (sub == alice.Subject) != c.want {
			t.Errorf("%s: active %v, sub %q", c.name, active, sub)
		}
	}
	now = now.Add(2 * time.Hour)
	if active, _ := ask(good, "minio", DefaultClientSecret, false); active {
		t.Error("an expired token is active")
	}
}
