package serve

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/demo"
	"github.com/claimgate/claimgate/app/review/offline"
)

// POST /explain has the same answer as MinIO gets, and as a gate without a server gives for the same body.
func TestTheAdminListenerExplains(t *testing.T) {
	l := start(t)
	ask := func(body string) (status int, answer map[string]any) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+l.adminListener.Addr().String()+"/explain", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, answer
	}
	gate, err := offline.New(offline.Options{Mapping: l.gateway.Mapping(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer gate.Close()
	for body, want := range map[string]string{
		aliceReads: "policy_allow",
		strings.Replace(aliceReads, "GetObject", "PutObject", 1):                         "policy_implicit_deny",
		strings.Replace(aliceReads, "alice", "eve", 1):                                   "no_token",
		strings.Replace(aliceReads, `"owner":false`, `"owner":true`, 1):                  "owner",
		strings.Replace(aliceReads, "{}", `{"authentik_token":["a.b.c"]}`, 1):            "token_malformed",
		`{"headers":{},"proto":"HTTP/1.1","body":` + aliceReads + `}`:                    "policy_allow",
		strings.Replace(aliceReads, `"denyOnly":false`, `"denyOnly":true,"claims":1`, 1): "request_malformed",
	} {
		status, got := ask(body)
		if got["reason"] != want {
			t.Errorf("%s\n%v, want %s", body, got, want)
		}
		if (status == http.StatusOK) != (want != "request_malformed") {
			t.Errorf("%s: status %d", body, status)
		}
		if strings.HasPrefix(body, `{"headers`) || status != http.StatusOK {
			continue
		}
		allow, reason, err := demo.Ask(t.Context(), l.URL(), []byte(body))
		if err != nil || string(reason) != got["reason"] || allow != got["allow"] {
			t.Errorf("MinIO is told %v %s, %v; explained is %v %v", allow, reason, err, got["allow"], got["reason"])
		}
		if want == "token_malformed" {
			continue // a gate without a server verifies no token
		}
		text, err := json.Marshal(gate.Explain(t.Context(), []byte(body)))
		if err != nil {
			t.Fatal(err)
		}
		var offline map[string]any
		if err := json.Unmarshal(text, &offline); err != nil {
			t.Fatal(err)
		}
		for _, member := range []string{"allow", "reason", "rule", "policy", "statement", "steps", "opposite", "revision"} {
			a, _ := json.Marshal(got[member])
			b, _ := json.Marshal(offline[member])
			if !bytes.Equal(a, b) {
				t.Errorf("%s: %s live, %s offline", member, a, b)
			}
		}
	}
	for _, body := range []string{"", "{", `{"reason":"no_token","allow":false}`} {
		if status, got := ask(body); status != http.StatusBadRequest || got["allow"] != false {
			t.Errorf("%q: %d %v", body, status, got)
		}
	}
	if status, _ := l.get("/explain"); status != http.StatusMethodNotAllowed {
		t.Errorf("GET /explain: %d", status)
	}
}
