package verifier

import (
	"errors"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
)

// For every variant, Inspect reports the result of Verify.
func TestAnInspectionSaysWhatVerifyDoes(t *testing.T) {
	one, enc := idp.RSAKey(0, idp.KidOne), idp.RSAKey(2, "enc-key")
	set := idp.JWKS(one.JWK(), enc.JWK("use", "enc"), idp.ECKey("ES256", "ec256").JWK())
	for _, c := range variants() {
		var adjust []func(*Options)
		if c.adjust != nil {
			adjust = append(adjust, c.adjust)
		}
		v := offline(t, set, adjust...)
		_, err := v.Verify(t.Context(), c.token, Presented{})
		in := v.Inspect(t.Context(), c.token)
		if (in.Identity == nil) != (err != nil) {
			t.Errorf("%d %s: Verify says %v, the inspection the identity %v", c.number, c.name, err, in.Identity)
		}
		var want *Error
		errors.As(err, &want)
		var failed []Check
		for n, check := range in.Checks {
			switch check.Outcome {
			case Failed:
				failed = append(failed, check)
			case Passed:
				if len(failed) > 0 {
					t.Errorf("%d %s: %s passed after a check that failed", c.number, c.name, check.Name)
				}
			case NotReached:
				if len(failed) == 0 {
					t.Errorf("%d %s: check %d was not reached, and none failed", c.number, c.name, n)
				}
			default:
				t.Errorf("%d %s: the outcome %q", c.number, c.name, check.Outcome)
			}
		}
		if want == nil && len(failed) > 0 || want != nil && (len(failed) != 1 || failed[0].Reason != want.Reason || failed[0].Hint != want.Hint) {
			t.Errorf("%d %s: Verify says %v, the checks %+v", c.number, c.name, err, failed)
		}
	}
}

func TestAnInspectionNamesTheCheck(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	v := offline(t, idp.JWKSOf(one))
	id := idp.IDClaims(idp.Now)
	late := idp.Now.Add(-2 * time.Hour)
	for _, tc := range []struct {
		name, token, check string
		header, payload    bool
	}{
		{"a good token", one.Token(id), "", true, true},
		{"an opaque token", "opaque", "format", false, false},
		{"as long as max_token", tokenOfLength(t, one, 16<<10), "", true, true},
		{"a token too long", string(make([]byte, 17<<10)), "format", false, false},
		{"a header that is no base64", "?." + idp.B64([]byte("{}")) + ".x", "format", false, true},
		{"a logout token by its header", one.Token(id, "typ", "logout+jwt"), "type", true, true},
		{"a logout token by its claims", one.Token(id.With("events", map[string]any{})), "purpose", true, true},
		{"another audience", one.Token(id.With("aud", "other")), "audience", true, true},
		{"a year", one.Token(id.With("exp", idp.Now.Unix()+365*86400)), "lifetime", true, true},
		{"expired", one.Token(id.With("iat", late.Unix(), "exp", late.Unix()+60)), "time", true, true},
	} {
		in := v.Inspect(t.Context(), tc.token)
		failed := ""
		for _, c := range in.Checks {
			if c.Outcome == Failed {
				failed = c.Name
			}
		}
		if failed != tc.check {
			t.Errorf("%s: failed at %q, want %q", tc.name, failed, tc.check)
		}
		if (in.Header != nil) != tc.header || (in.Payload != nil) != tc.payload {
			t.Errorf("%s: header %q, payload %q", tc.name, in.Header, in.Payload)
		}
	}
	if n := failedCheck(new(verified), refuse("no reason of ours", "")); n != 0 {
		t.Errorf("an unknown reason failed at check %d, want 0", n)
	}
}
