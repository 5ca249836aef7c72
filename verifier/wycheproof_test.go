package verifier

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/verifier/internal/base64url"
	"github.com/claimgate/claimgate/verifier/internal/pool"
	"github.com/claimgate/claimgate/verifier/jwks"
)

// verifyJWS checks the form, the header and the signature of a compact JWS. It does not check
// claims, because the payloads of the vectors are not claims.
func verifyJWS(t *testing.T, jws string, set []byte) *Error {
	t.Helper()
	g, _, err := splitCompact(jws, 16<<10, accessTypes)
	if err != nil {
		return err
	}
	source, bad := jwks.New(t.Context(), jwks.Config{MaxStale: time.Hour, Fetch: func(context.Context) ([]byte, error) { return set, nil }})
	if bad != nil {
		t.Fatal(bad)
	}
	source.Demand(t.Context(), "")
	keys := source.Newest()
	if keys == nil {
		return refuse(KeysUnavailable, source.State().Error)
	}
	f := &verified{issuer: &issuer{config: new(Issuer), keys: source}, set: keys}
	return f.tryKeys(t.Context(), g, keys.Keys(g.kid), checkPool{Pool: pool.New(1, 1, maxCheckWait)})
}

type wycheproof struct {
	NumberOfTests int
	TestGroups    []struct {
		Comment         string
		Private, Public json.RawMessage
		Tests           []struct {
			TcID     int
			Comment  string
			JWS, JWE json.RawMessage // a string, or an object in the JSON serialization
			Result   string
		}
	}
}

// wycheproofExceptions are valid vectors that are refused although their algorithm is supported,
// each with the reason. HS256 and JWE are not supported.
var wycheproofExceptions = map[string]map[int]string{
	"signature": {
		346: "PS384 under a key whose alg is PS256: a key is for the algorithm it names",
		347: "the key's alg is ES521, which RFC 7518 does not know",
		350: "as 346", 351: "as 347",
	},
}

func TestWycheproof(t *testing.T) {
	for _, file := range []struct {
		name                  string
		valid, invalid        int // numbers of vectors
		accepted, notAccepted int // numbers of valid vectors
	}{
		{"signature", 46, 355, 32, 14},
		{"key", 5, 21, 1, 4},
		{"crypto", 6, 77, 2, 4},
	} {
		t.Run(file.name, func(t *testing.T) {
			data, err := os.ReadFile("testdata/wycheproof/json_web_" + file.name + "_test.json")
			if err != nil {
				t.Fatal(err)
			}
			var vectors wycheproof
			if err := json.Unmarshal(data, &vectors); err != nil {
				t.Fatal(err)
			}
			exceptions := wycheproofExceptions[file.name]
			counts := make(map[string]int)
			for _, g := range vectors.TestGroups {
				set := keySetOf(g.Public, g.Private)
				for _, c := range g.Tests {
					jws := textOf(c.JWS, c.JWE)
					err := verifyJWS(t, jws, set)
					counts[c.Result]++
					switch {
					case c.Result == "invalid" && err == nil:
						t.Errorf("%s %d (%s): accepted an invalid vector", g.Comment, c.TcID, c.Comment)
					case c.Result == "valid" && err == nil:
						counts["accepted"]++
					case c.Result == "valid" && exceptions[c.TcID] == "" && supported(jws):
						t.Errorf("%s %d (%s): refused a valid vector: %v", g.Comment, c.TcID, c.Comment, err)
					}
					if exceptions[c.TcID] != "" && (err == nil || c.Result != "valid") {
						t.Errorf("%d is no exception: result %s, error %v", c.TcID, c.Result, err)
					}
				}
			}
			got := [...]int{counts["valid"], counts["invalid"], counts["accepted"], counts["valid"] - counts["accepted"]}
			if want := [...]int{file.valid, file.invalid, file.accepted, file.notAccepted}; got != want {
				t.Errorf("valid, invalid, valid accepted, valid refused: %v, want %v", got, want)
			}
		})
	}
}

// supported reports whether a token is a JWS with a supported algorithm.
func supported(jws string) bool {
	header, _, _ := strings.Cut(jws, ".")
	text, _ := base64url.Decode(header)
	var h struct{ Alg string }
	_ = json.Unmarshal(text, &h)
	return slices.Contains(Algorithms(), h.Alg)
}

// keySetOf returns a key set of the public JWK or JWK Set, or else of the private one.
func keySetOf(public, private json.RawMessage) []byte {
	key := public
	if key == nil {
		key = private
	}
	if strings.Contains(string(key), `"keys"`) {
		return key
	}
	return fmt.Appendf(nil, `{"keys":[%s]}`, key)
}

func textOf(jws, jwe json.RawMessage) string {
	raw := slices.Concat(jws, jwe)
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return string(raw)
	}
	return s
}
