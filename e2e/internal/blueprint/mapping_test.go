package blueprint

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"reflect"
	"slices"
	"testing"
	"time"
)

// result is the result of the scope mapping.
type result struct {
	Policy any `json:"policy"`
	Token  map[string]struct {
		Issuer   string   `json:"iss"`
		Subject  string   `json:"sub"`
		Audience string   `json:"aud"`
		Issued   int64    `json:"iat"`
		Expires  int64    `json:"exp"`
		Username string   `json:"preferred_username"`
		Groups   []string `json:"groups"`
		Policy   []string `json:"policy"`
		Validity string   `json:"validity"`
	} `json:"authentik_token"`
}

// run runs the mapping in Python, with objects like those of Authentik.
func run(t *testing.T, release, user string, http bool) result {
	t.Helper()
	b, err := Load(delivered)
	if err != nil {
		t.Fatal(err)
	}
	asked, err := json.Marshal(map[string]any{
		"expression": b.of("authentik_providers_oauth2.scopemapping")[0].Attrs["expression"].Value,
		"release":    release, "user": user, "http": http,
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "python3", "testdata/mapping.py")
	cmd.Stdin = bytes.NewReader(asked)
	var failure bytes.Buffer
	cmd.Stderr = &failure
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the mapping fails (python3 is needed to run it): %v\n%s", err, failure.String())
	}
	var r result
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return r
}

func TestMappingSignsATokenForTheLogin(t *testing.T) {
	for _, authentik := range []struct{ release, user, by string }{
		{"2025.10", "before", "encode"},
		{"2026.2", "since", "raw"},
		{"2026.8", "later", "raw"},
	} {
		t.Run(authentik.release, func(t *testing.T) {
			begun := time.Now().Unix()
			r := run(t, authentik.release, authentik.user, true)
			token, ok := r.Token[authentik.by]
			if !ok {
				t.Fatalf("the mapping returns %+v, want a token made by %s", r, authentik.by)
			}
			if token.Issuer != "https://auth.example/application/o/minio/" || token.Subject != "0123abcd" {
				t.Errorf("iss %q and sub %q are not those of the id_token", token.Issuer, token.Subject)
			}
			if token.Username != "rhea" || !slices.Equal(token.Groups, []string{"MinIO readers", "minio-rw-red"}) {
				t.Errorf("the token names %q and groups %q", token.Username, token.Groups)
			}
			if !slices.Equal(token.Policy, []string{"readonly"}) || !reflect.DeepEqual(r.Policy, []any{"readonly"}) {
				t.Errorf("policy is %q in the token and %v beside it, want readonly", token.Policy, r.Policy)
			}
			if token.Issued < begun || token.Issued > time.Now().Unix() {
				t.Errorf("iat is %d, want the time of the login", token.Issued)
			}
			// ak_create_jwt_raw adds aud and exp.
			if authentik.by == "raw" && token.Validity != "hours=8" {
				t.Errorf("validity is %q", token.Validity)
			}
			if authentik.by == "encode" && (token.Audience != "minio" || token.Expires-token.Issued != 8*3600) {
				t.Errorf("aud is %q, the token lives %d s", token.Audience, token.Expires-token.Issued)
			}
		})
	}
}

// Authentik's discovery runs the mapping as the anonymous user, its preview without an
// HTTP request.
func TestMappingSignsNothingForNobody(t *testing.T) {
	for name, r := range map[string]result{
		"anonymous":    run(t, "2026.8", "anonymous", true),
		"no request":   run(t, "2026.8", "since", false),
		"neither, old": run(t, "2025.10", "anonymous", false),
	} {
		if r.Token != nil || !reflect.DeepEqual(r.Policy, []any{}) {
			t.Errorf("%s: the mapping returns %+v, want no policy and no token", name, r)
		}
	}
}
