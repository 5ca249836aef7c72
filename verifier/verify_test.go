package verifier

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"github.com/claimgate/claimgate/internal/testsupport/occupy"
	"github.com/claimgate/claimgate/verifier/jwks"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestIdentity(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	token := one.Token(idp.IDClaims(idp.Now).With("roles", []string{"a", "b"}, "nested", idp.Claims{"x": 1}, "level", 3, "nothing", nil))
	v := offline(t, idp.JWKSOf(one))
	got, err := v.Verify(t.Context(), token, Presented{})
	if err != nil {
		t.Fatal(err)
	}
	want := &Identity{
		Issuer: "authentik", IssuerURL: idp.URL, Subject: idp.IDClaims(idp.Now)["sub"].(string), Username: "alice",
		Session: idp.IDClaims(idp.Now)["sid"].(string), Groups: []string{"minio users"},
		IssuedAt: idp.Now, Expires: idp.Now.Add(time.Hour), Digest: sha256.Sum256([]byte(token)),
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Identity{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, c := range []struct {
		name   string
		values []string
		ok     bool
	}{
		{"policy", []string{"readwrite"}, true},
		{"roles", []string{"a", "b"}, true},
		{"nothing", nil, true},
		{"absent", nil, true},
		{"nested", nil, false},
		{"level", nil, false},
		{"email_verified", nil, false},
	} {
		values, ok := got.Claim(c.name)
		if diff := cmp.Diff(c.values, values); diff != "" || ok != c.ok {
			t.Errorf("claim %s: ok %v, (-want +got):\n%s", c.name, ok, diff)
		}
	}
}

// More malformed headers and payloads, in addition to those of malformed_test.go.
func TestStrictForm(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	shortest := &idp.Key{Kid: "k", Alg: "RS256", Private: one.Private}
	longest := &idp.Key{Kid: strings.Repeat("k", 128), Alg: "RS256", Private: one.Private}
	v := offline(t, idp.JWKSOf(one, shortest, longest))
	head := `{"alg":"RS256","typ":"JWT","kid":"` + idp.KidOne + `"}`
	good := one.Token(idp.IDClaims(idp.Now))
	body := good[strings.Index(good, ".")+1:]
	for _, c := range []struct {
		name  string
		token string
		want  Reason
	}{
		{"the header is a list", one.Compact([]byte(`["RS256"]`), []byte("{}")), Malformed},
		{"the header is no JSON", one.Compact([]byte("RS256"), []byte("{}")), Malformed},
		{"the header is no base64url", "%%." + body, Malformed},
		{"the payload is a list", one.Compact([]byte(head), []byte(`[{"iss":"a"}]`)), Malformed},
		{"the payload is no JSON", one.Compact([]byte(head), []byte("iss")), Malformed},
		{"no signature", good[:strings.LastIndex(good, ".")+1], Malformed},
		{"two segments", good[:strings.LastIndex(good, ".")], Malformed},
		{"a signature of another length", good[:strings.LastIndex(good, ".")+1] + idp.B64(make([]byte, 255)), Signature},
		{"alg a number", one.Token(idp.IDClaims(idp.Now), "alg", 256), Malformed},
		{"alg in lower case", one.Token(idp.IDClaims(idp.Now), "alg", "rs256"), Algorithm},
		{"typ a number", one.Token(idp.IDClaims(idp.Now), "typ", 1), Type},
		{"typ at+jwt", one.Token(idp.IDClaims(idp.Now), "typ", "at+JWT"), ""},
		{"typ absent", one.Token(idp.IDClaims(idp.Now), "typ", idp.Drop), ""},
		{"x5c and x5t, which are ignored", one.Token(idp.IDClaims(idp.Now), "x5c", []string{"?"}, "x5t", 7), ""},
		{"kid empty", one.Token(idp.IDClaims(idp.Now), "kid", ""), Malformed},
		{"kid of one byte", shortest.Token(idp.IDClaims(idp.Now)), ""},
		{"kid of 128 bytes", longest.Token(idp.IDClaims(idp.Now)), ""},
		{"kid of 129 bytes", one.Token(idp.IDClaims(idp.Now), "kid", strings.Repeat("k", 129)), Malformed},
		{"alg of an EC key under the kid of an RSA key", one.Token(idp.IDClaims(idp.Now), "alg", "ES256"), Algorithm},
		{"azp a list", one.Token(idp.IDClaims(idp.Now).With("azp", []string{idp.ClientID})), BadClaims},
		{"aud missing", one.Token(idp.IDClaims(idp.Now).With("aud", idp.Drop)), WrongAudience},
		{"aud null", one.Token(idp.IDClaims(idp.Now).With("aud", nil)), BadClaims},
		{"aud of mixed types", one.Token(idp.IDClaims(idp.Now).With("aud", []any{idp.ClientID, 7})), BadClaims},
		{"sid a number", one.Token(idp.IDClaims(idp.Now).With("sid", 1)), BadClaims},
		{"iat a string", one.Token(idp.IDClaims(idp.Now).With("iat", "now")), BadClaims},
		{"nbf null", one.Token(idp.IDClaims(idp.Now).With("nbf", nil)), BadClaims},
		{"nbf in the last second that a date can have", one.Token(idp.IDClaims(idp.Now).With("nbf", farFuture)), NotYetValid},
		{"nbf after that second", one.Token(idp.IDClaims(idp.Now).With("nbf", farFuture+1)), BadClaims},
		{"nbf out of all bounds", one.Token(idp.IDClaims(idp.Now).With("nbf", int64(1)<<41)), BadClaims},
		{"the username claim in another case", one.Token(idp.IDClaims(idp.Now).With("PREFERRED_USERNAME", "root")), Malformed},
		{"a claim whose long s folds to that of sub", one.Token(idp.IDClaims(idp.Now).With("\u017fub", "root")), Malformed},
		{"a claim of another alphabet", one.Token(idp.IDClaims(idp.Now).With("имя", "root")), ""},
		{"a line break in the signature", good[:len(good)-3] + "\n" + good[len(good)-3:], Malformed},
		{"dots", strings.Repeat(".", 16<<10), Malformed},
		{"as long as max_token", tokenOfLength(t, one, 16<<10), ""},
		{"longer than max_token by a byte", tokenOfLength(t, one, 16<<10+1), Malformed},
		{"longer than max_token", strings.Repeat("a", 16<<10+1), Malformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := v.Verify(t.Context(), c.token, Presented{})
			wantReason(t, err, c.want)
			if err != nil && len(c.token) > 200 && strings.Contains(err.Error(), c.token[len(c.token)-40:]) {
				t.Error("the error shows the signature")
			}
		})
	}
}

// tokenOfLength returns a good token of that length. Not each length of the payload gives a new length of its base64url,
// so the header grows as well.
func tokenOfLength(t *testing.T, key *idp.Key, length int) string {
	t.Helper()
	for _, x5t := range []string{"", "a", "aa"} {
		empty := len(key.Token(idp.IDClaims(idp.Now).With("pad", ""), "x5t", x5t))
		for n := (length-empty)/4*3 - 4; n <= (length-empty)/4*3+4; n++ {
			if token := key.Token(idp.IDClaims(idp.Now).With("pad", strings.Repeat("p", n)), "x5t", x5t); len(token) == length {
				return token
			}
		}
	}
	t.Fatalf("no token has %d bytes", length)
	return ""
}

// MaxAge accepts the expired token of an access key, by its iat.
func TestMaxAge(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	now := idp.Now.Unix()
	for _, c := range []struct {
		name   string
		claims idp.Claims
		maxAge time.Duration
		want   Reason
	}{
		{"expired, no grace", idp.IDClaims(idp.Now).With("iat", now-7200, "exp", now-3600), 0, Expired},
		{"expired, within grace", idp.IDClaims(idp.Now).With("iat", now-7200, "exp", now-3600), 7201 * time.Second, ""},
		{"expired, past grace", idp.IDClaims(idp.Now).With("iat", now-7200, "exp", now-3600), 7200 * time.Second, Expired},
		{"expired, no iat", idp.IDClaims(idp.Now).With("iat", idp.Drop, "exp", now-3600), 1000 * time.Hour, Expired},
		{"not expired, past grace", idp.IDClaims(idp.Now).With("iat", now-7200, "exp", now+3600), time.Second, ""},
		{"expired before it was issued", idp.IDClaims(idp.Now).With("iat", now+1, "exp", now-3600), 0, Expired},
		{"not yet valid", idp.IDClaims(idp.Now).With("iat", now+60), time.Hour, NotYetValid},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := offline(t, idp.JWKSOf(one))
			token := one.Token(c.claims)
			for range 2 {
				_, err := v.Verify(t.Context(), token, Presented{MaxAge: c.maxAge})
				wantReason(t, err, c.want)
				v.cache.good.cache.Wait()
			}
		})
	}
}

// The times of a cached token are checked at each use.
func TestRememberedTokenExpires(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	now := idp.Now
	v := offline(t, idp.JWKSOf(one), func(o *Options) { o.Now = func() time.Time { return now } })
	token := one.Token(idp.IDClaims(idp.Now))
	for _, c := range []struct {
		at   time.Time
		want Reason
	}{
		{idp.Now, ""},
		{idp.Now.Add(10 * time.Minute), ""},
		{idp.Now.Add(-10 * time.Minute), NotYetValid}, // the clock jumped
		{idp.Now.Add(time.Hour + 29*time.Second), ""},
		{idp.Now.Add(time.Hour + 30*time.Second), Expired},
	} {
		now = c.at
		_, err := v.Verify(t.Context(), token, Presented{})
		wantReason(t, err, c.want)
		v.cache.good.cache.Wait()
	}
	if s := v.Stats(); s.Misses != 1 || s.Hits != 4 {
		t.Errorf("%+v: want one signature check in all", s)
	}
}

// A clock that jumps by ten minutes in either direction does not make keys unusable, and does not
// prolong the cooldown of fetches.
func TestClockJumps(t *testing.T) {
	one, two := idp.RSAKey(0, idp.KidOne), idp.RSAKey(1, idp.KidTwo)
	for _, jump := range []time.Duration{10 * time.Minute, -10 * time.Minute} {
		t.Run(jump.String(), func(t *testing.T) {
			var offset atomic.Int64
			clock := func(o *Options) {
				o.Now = func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
			}
			bubble(t, func(t *testing.T, i *idp.Issuer, v *Verifier) {
				time.Sleep(20 * time.Minute)
				offset.Store(int64(jump))
				now := time.Now().Add(jump)
				decide(t, v, one.Token(idp.IDClaims(now)), "")
				i.Publish(idp.JWKSOf(two))
				time.Sleep(5 * time.Minute)
				decide(t, v, two.Token(idp.IDClaims(now)), "")
				decide(t, v, one.Token(idp.IDClaims(now)), UnknownKey)
			}, clock)
		})
	}
}

// If a flood of forgeries fills the pool, further new tokens are refused in time, and cached tokens
// do not wait.
func TestOverload(t *testing.T) {
	one, forger := idp.RSAKey(0, idp.KidOne), idp.RSAKey(1, idp.KidOne)
	bubble(t, func(t *testing.T, i *idp.Issuer, v *Verifier) {
		warm := one.Token(idp.IDClaims(time.Now()))
		decide(t, v, warm, "")
		v.cache.good.cache.Wait()
		release := occupy.Slot(t, v.checks()) // a check that takes long
		start := time.Now()
		var flood sync.WaitGroup
		for n := range 3 {
			flood.Go(func() {
				decide(t, v, forger.Token(idp.IDClaims(time.Now()).With("jti", n)), Overloaded)
				if took := time.Since(start); took != maxGoodWait {
					t.Errorf("refused after %s, want %s", took, maxGoodWait)
				}
			})
		}
		synctest.Wait()
		if got := v.Stats().InFlight; got != 4 {
			t.Errorf("%d checks run or wait, want 4", got)
		}
		decide(t, v, forger.Token(idp.IDClaims(time.Now()).With("jti", "one too many")), Overloaded)
		decide(t, v, warm, "")
		if took := time.Since(start); took != 0 {
			t.Errorf("a refused or cached token waited %s", took)
		}
		flood.Wait()
		release()
		decide(t, v, one.Token(idp.IDClaims(time.Now()).With("jti", "after")), "")
		if got := v.Stats().InFlight; got != 0 {
			t.Errorf("%d checks are left behind", got)
		}
	}, func(o *Options) { o.Checks, o.Waiters = 1, 3 })
}

// Concurrent requests with the same token share one check.
func TestOneCheckForOneToken(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	bubble(t, func(t *testing.T, i *idp.Issuer, v *Verifier) {
		token := one.Token(idp.IDClaims(time.Now()))
		release := occupy.Slot(t, v.checks())
		var clients sync.WaitGroup
		for range 100 {
			clients.Go(func() { decide(t, v, token, "") })
		}
		synctest.Wait()
		if got := v.Stats().InFlight; got != 2 {
			t.Errorf("%d checks run or wait, want this test's and one", got)
		}
		release()
		clients.Wait()
	}, func(o *Options) { o.Checks = 1 })
}

// A bad signature is cached until the key set changes. In a bubble, because the entry ends after five seconds.
func TestForgeryIsRemembered(t *testing.T) {
	forger := idp.RSAKey(1, idp.KidOne)
	synctest.Test(t, func(t *testing.T) {
		v := offline(t, idp.JWKSOf(idp.RSAKey(0, idp.KidOne)))
		token := forger.Token(idp.IDClaims(idp.Now))
		for n := range uint64(3) {
			_, err := v.Verify(t.Context(), token, Presented{})
			wantReason(t, err, Signature)
			v.cache.bad.cache.Wait()
			if s := v.Stats(); s.Refused != n+1 || s.Hits != n || s.Misses != 1 {
				t.Errorf("after %d: %+v", n+1, s)
			}
		}
		v.order[0].serve(t, v.now, idp.JWKSOf(forger))
		_, err := v.Verify(t.Context(), token, Presented{})
		wantReason(t, err, "")
	})
}

// ristretto keeps 64 bits of a digest. Another token with the same 64 bits is not found.
func TestHashCollision(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	v := offline(t, idp.JWKSOf(one))
	token := one.Token(idp.IDClaims(idp.Now))
	if _, err := v.Verify(t.Context(), token, Presented{}); err != nil {
		t.Fatal(err)
	}
	v.cache.good.cache.Wait()
	digest := sha256.Sum256([]byte(token))
	if v.cache.good.get(&digest) == nil {
		t.Fatal("the token is not remembered")
	}
	digest[31]++
	if v.cache.good.get(&digest) != nil {
		t.Error("another token with the same 64 bits is found")
	}
}

// Close may be called while tokens are verified. After Close nothing is fetched.
func TestClose(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	var failures atomic.Int64
	notify := func(o *Options) {
		o.Notify = func(n jwks.Notice) {
			if n.Kind == jwks.RefreshFailed {
				failures.Add(1)
			}
		}
	}
	bubble(t, func(t *testing.T, i *idp.Issuer, v *Verifier) {
		i.Fail(idp.Fault{Keys: idp.Hang, Discovery: idp.Hang})
		tokens := append(bogusTokens(20), one.Token(idp.IDClaims(time.Now())))
		var clients sync.WaitGroup
		for _, token := range tokens {
			clients.Go(func() {
				for range 10 {
					_, _ = v.Verify(t.Context(), token, Presented{})
				}
			})
		}
		synctest.Wait()
		v.Close()
		clients.Wait()
		before := i.Asked()
		decide(t, v, bogusTokens(1)[0], UnknownKey)
		decide(t, v, one.Token(idp.IDClaims(time.Now()).With("jti", "after")), "")
		if n := failures.Load(); n != 0 || v.States()[0].Error != "" {
			t.Errorf("Close is reported as %d failures of the issuer", n)
		}
		if got := i.Asked(); got != before {
			t.Errorf("the issuer was asked after Close: %v, then %v", before, got)
		}
	}, notify)
}

// Options.Notify may call States.
func TestNotices(t *testing.T) {
	var v *Verifier
	var got []string
	one := idp.RSAKey(0, idp.KidOne)
	synctest.Test(t, func(t *testing.T) {
		i := idp.New(t, idp.URL, one)
		c := testIssuerConfig()
		c.CAFile = i.CAFile(t)
		o := Options{Issuers: []Issuer{c}, Dial: i.Dial, Notify: func(n jwks.Notice) {
			got = append(got, fmt.Sprint(n.Kind, " ", n.Keys, " ", len(n.Skipped), " ", n.Err != nil, " ", v.States()[0].Usable))
		}}
		var err error
		if v, err = New(o); err != nil {
			t.Fatal(err)
		}
		v.Start()
		synctest.Wait()
		time.Sleep(5 * time.Minute)
		i.Publish(idp.JWKS(one.JWK(), one.JWK("use", "enc")))
		time.Sleep(5 * time.Minute)
		<-i.Fail(idp.Fault{Keys: idp.Status(500, "")})
		time.Sleep(100 * time.Millisecond)
		i.Fail(idp.Fault{})
		time.Sleep(time.Second)
		v.Close()
	})
	want := []string{"changed 1 0 false true", "ok 1 0 false true", "changed 1 1 false true", "error 0 0 true true", "changed 1 1 false true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kind, keys, skipped, error, usable (-want +got):\n%s", diff)
	}
}
