package verifier

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"pgregory.net/rapid"
)

// A nested claim is read by its path, and each value keeps its type.
func TestClaimsByPath(t *testing.T) {
	v := offline(t, idp.JWKS(idp.RSAKey(0, idp.KidOne).JWK()))
	id, err := v.Attested(idp.JSON(idp.IDClaims(idp.Now).With(
		"realm_access", map[string]any{"roles": []string{"a", "b"}, "level": 3, "ok": true, "none": nil, "deep": map[string]any{}, "mixed": []any{1, "x", false}, "odd": []any{[]any{}}, "empty": []any{}},
		"a.b", "dotted",
	)), 0)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]string{
		"realm_access/roles": {`"a"`, `"b"`}, "realm_access/level": {"3"}, "realm_access/ok": {"true"}, "realm_access/none": nil,
		"realm_access/deep": {"{}"}, "realm_access/mixed": {"1", `"x"`, "false"}, "realm_access/odd": {"{}"}, "realm_access/empty": {},
		"realm_access/other": nil, "realm_access/roles/x": nil, "realm_access": {"{}"}, "a.b": {`"dotted"`}, "nothing": nil,
	} {
		if got := id.ClaimTexts(strings.Split(path, "/")); !slices.Equal(got, want) {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	for path, want := range map[string]bool{"realm_access/roles": true, "realm_access/none": true, "realm_access/other": true, "realm_access/level": false, "realm_access/mixed": false, "a.b": true} {
		if _, ok := id.ClaimAt(strings.Split(path, "/")); ok != want {
			t.Errorf("%s as strings: %v, want %v", path, ok, want)
		}
	}
	if got := new(Identity).ClaimTexts([]string{"x"}); got != nil {
		t.Errorf("an identity without claims has %q", got)
	}
}

func TestGroupsByPath(t *testing.T) {
	nested := func(o *Options) { o.Issuers[0].GroupsPath = []string{"realm_access", "roles"} }
	v := offline(t, idp.JWKS(idp.RSAKey(0, idp.KidOne).JWK()), nested)
	claims := idp.IDClaims(idp.Now).With("groups", []string{"not these"})
	id, err := v.Attested(idp.JSON(claims.With("realm_access", map[string]any{"roles": []string{"a"}})), 0)
	if err != nil || !slices.Equal(id.Groups, []string{"a"}) {
		t.Errorf("groups %v, %v", id.Groups, err)
	}
	id, err = v.Attested(idp.JSON(claims), 0)
	if err != nil || id.Groups != nil {
		t.Errorf("without the claim: groups %v, %v", id.Groups, err)
	}
	for _, wrong := range []any{"a", []any{1}, map[string]any{}, true} {
		if _, err := v.Attested(idp.JSON(claims.With("realm_access", map[string]any{"roles": wrong})), 0); err == nil || !strings.Contains(err.Error(), "realm_access.roles") {
			t.Errorf("roles %v: %v", wrong, err)
		}
	}
	if _, err := v.Attested(idp.JSON(claims.With("Realm_access", map[string]any{})), 0); err == nil {
		t.Error("a case variant of the claim with the groups is accepted")
	}
	o := Options{Issuers: []Issuer{testIssuerConfig()}}
	o.Issuers[0].GroupsPath = []string{"a", ""}
	if _, err := New(o); err == nil {
		t.Error("a path with an empty name is accepted")
	}
}

// For random claims, ClaimTexts returns what encoding/json finds at a path.
func TestClaimsAgreeWithJSON(t *testing.T) {
	v := offline(t, idp.JWKS(idp.RSAKey(0, idp.KidOne).JWK()))
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"a", "b", "a/b", ""}
		var value func(depth int) any
		value = func(depth int) any {
			switch rapid.IntRange(0, 6-min(depth, 2)).Draw(t, "kind") {
			case 0:
				return rapid.SampledFrom([]string{"", "x", "\"", "ü☃"}).Draw(t, "string")
			case 1:
				return rapid.IntRange(-3, 300).Draw(t, "number")
			case 2:
				return rapid.Bool().Draw(t, "bool")
			case 3:
				return nil
			case 4:
				list := []any{}
				for range rapid.IntRange(0, 2).Draw(t, "elements") {
					list = append(list, value(depth+1))
				}
				return list
			}
			object := map[string]any{}
			for range rapid.IntRange(0, 3).Draw(t, "members") {
				object[rapid.SampledFrom(names).Draw(t, "name")] = value(depth + 1)
			}
			return object
		}
		top := value(0)
		id, err := v.Attested(idp.JSON(idp.IDClaims(idp.Now).With("c", top)), 0)
		if err != nil {
			t.Fatal(err)
		}
		path := append([]string{"c"}, rapid.SliceOfN(rapid.SampledFrom(names), 0, 3).Draw(t, "path")...)
		found := any(map[string]any{"c": top})
		for _, name := range path {
			object, _ := found.(map[string]any)
			found = object[name]
		}
		var want []string
		switch f := found.(type) {
		case nil:
		case map[string]any:
			want = []string{"{}"}
		case []any:
			for _, e := range f {
				switch e.(type) {
				case nil, []any, map[string]any:
					want = []string{"{}"}
				}
			}
			if want == nil {
				for _, e := range f {
					want = append(want, string(idp.JSON(e)))
				}
			}
		default:
			want = []string{string(idp.JSON(f))}
		}
		got := id.ClaimTexts(path)
		same := slices.EqualFunc(got, want, func(a, b string) bool {
			var x, y any
			return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && string(idp.JSON(x)) == string(idp.JSON(y))
		})
		if !same {
			t.Fatalf("%s at %q is %q, want %q", idp.JSON(top), path, got, want)
		}
	})
}
