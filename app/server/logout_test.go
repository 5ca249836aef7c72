package server

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/verifier"
	"github.com/gofiber/fiber/v3"
	"github.com/rs/zerolog"
)

func logoutServer(t *testing.T, log *bytes.Buffer, end func(ctx context.Context, token string) error) (post func(contentType, body string) *http.Response) {
	t.Helper()
	counts, _ := newLogoutCounts()
	app := fiber.New()
	app.Post(logoutPath, newLogouts(end, counts, zerolog.New(log)).serve)
	return func(contentType, body string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://claimgate.example"+logoutPath, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", contentType)
		resp, err := app.Test(req, fiber.TestConfig{})
		if err != nil {
			t.Fatal(err)
		}
		if resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%d may be stored", resp.StatusCode)
		}
		return resp
	}
}

const form = "application/x-www-form-urlencoded"

func TestHowLogoutTokensAreAnswered(t *testing.T) {
	var log bytes.Buffer
	var seen []string
	answers := map[string]error{
		"bad": &verifier.Error{Reason: verifier.Signature}, "again": errors.New("seen"),
		"busy": &verifier.Error{Reason: verifier.Overloaded}, "no keys": &verifier.Error{Reason: verifier.KeysUnavailable},
	}
	post := logoutServer(t, &log, func(_ context.Context, token string) error {
		seen = append(seen, token)
		return answers[token]
	})
	for _, c := range []struct {
		name, contentType, body string
		status                  int
		token                   string
	}{
		{"a good one", form, "logout_token=good", 200, "good"},
		{"beside other parameters", form, "state=x&logout_token=good", 200, "good"},
		{"the same one twice", form, "logout_token=good&logout_token=good", 200, "good"},
		{"two different ones", form, "logout_token=good&logout_token=other", 400, ""},
		{"none", form, "", 400, ""},
		{"not a form", "application/json", `{"logout_token":"good"}`, 400, ""},
		{"a refused one", form, "logout_token=bad", 400, "bad"},
		{"one that has counted", form, "logout_token=again", 400, "again"},
		{"one that could not be checked in time", form, "logout_token=busy", 503, "busy"},
		{"one whose keys are not there", form, "logout_token=" + url.QueryEscape("no keys"), 503, "no keys"},
	} {
		seen = nil
		resp := post(c.contentType, c.body)
		if resp.StatusCode != c.status || strings.Join(seen, ",") != c.token {
			t.Errorf("%s: %d, looked at %q; want %d, %q", c.name, resp.StatusCode, seen, c.status, c.token)
		}
		if again := resp.Header.Get("Retry-After") != ""; again != (c.status == 503) {
			t.Errorf("%s: Retry-After is %v", c.name, again)
		}
		_ = resp.Body.Close()
	}
}

// A flood of logout tokens from one address is cut off. It neither fills the log nor affects another
// address.

func TestAFloodOfLogoutTokens(t *testing.T) {
	StopSamplers(t)
	var log bytes.Buffer
	post := logoutServer(t, &log, func(context.Context, string) error { return &verifier.Error{Reason: verifier.Signature} })
	for range 1000 {
		_ = post(form, "logout_token=bogus").Body.Close()
	}
	if n := bytes.Count(log.Bytes(), []byte("\n")); n != refusalsShown {
		t.Errorf("1000 refusals made %d lines of the log, want %d", n, refusalsShown)
	}

	s := sources{underWay: make(map[netip.Prefix]int)}
	flood, another := sourceOf(net.ParseIP("192.0.2.1")), sourceOf(net.ParseIP("192.0.2.2"))
	for range logoutsPerSource {
		if !s.enter(flood) {
			t.Fatal("cut off too early")
		}
	}
	if s.enter(flood) || !s.enter(another) {
		t.Error("want the flood cut off, and only the flood")
	}
	s.leave(flood)
	if !s.enter(flood) {
		t.Error("there is no place again after one was left")
	}
	for range logoutsPerSource {
		s.leave(flood)
	}
	if s.leave(another); len(s.underWay) != 0 {
		t.Errorf("left behind: %v", s.underWay)
	}
}

func TestAddressesOfOneSource(t *testing.T) {
	for _, c := range []struct {
		one, other string
		same       bool
	}{
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"2001:db8::1", "2001:db8::ffff:1", true},
		{"2001:db8::1", "2001:db8:0:1::1", false},
		{"no address", "nor this", true},
	} {
		if got := sourceOf(net.ParseIP(c.one)) == sourceOf(net.ParseIP(c.other)); got != c.same {
			t.Errorf("%s and %s: one source %v, want %v", c.one, c.other, got, c.same)
		}
	}
}
