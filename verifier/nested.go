package verifier

import (
	"github.com/claimgate/claimgate/internal/strictjson"
)

// groupsPath returns GroupsPath or its default.
func (i *Issuer) groupsPath() []string {
	if len(i.GroupsPath) == 0 {
		return []string{"groups"}
	}
	return i.GroupsPath
}

// at returns the member at path in nested objects. If an object or the member is absent, the value is
// Missing.
func at(root strictjson.Value, path []string) strictjson.Value {
	for _, name := range path {
		root = root.Get(name)
	}
	return root
}

// claimAt returns the claim at path. The value is Missing if the claim is absent or null.
func (id *Identity) claimAt(path []string) strictjson.Value {
	doc, err := strictjson.Parse(id.payload)
	if err != nil { // only without a payload: a payload was parsed before
		return strictjson.Value{}
	}
	v := at(doc.Root(), path)
	if v.Kind() == strictjson.Null {
		return strictjson.Value{}
	}
	return v
}

// ClaimAt returns the values of the claim at path, a string or a list of strings. path goes through
// nested objects: ["realm_access", "roles"]. An absent claim and null have no values. ok is false if the
// claim has another type.
func (id *Identity) ClaimAt(path []string) (values []string, ok bool) {
	if len(path) == 1 {
		return id.Claim(path[0])
	}
	return stringList(id.claimAt(path), true)
}

// ClaimTexts returns the values of the claim at path as JSON texts. The claim is a string, a number, a
// boolean, or a list of these. An absent claim, null and an empty list have no values. A claim of any
// other type gives the single text "{}".
func (id *Identity) ClaimTexts(path []string) []string {
	v := id.claimAt(path)
	switch v.Kind() {
	case strictjson.Missing, strictjson.Null:
		return nil
	case strictjson.String, strictjson.Number, strictjson.True, strictjson.False:
		return []string{string(v.Raw())}
	case strictjson.Array:
		texts := make([]string, 0, v.Len())
		for e := range v.Elements() {
			if k := e.Kind(); k == strictjson.Object || k == strictjson.Array || k == strictjson.Null {
				return []string{"{}"}
			}
			texts = append(texts, string(e.Raw()))
		}
		return texts
	case strictjson.Object:
	}
	return []string{"{}"}
}
