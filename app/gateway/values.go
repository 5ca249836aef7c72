package gateway

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/mapping/policy"
	"github.com/claimgate/claimgate/verifier"
)

// values answers what condition keys and policy variables hold for one request.
// It is built afresh from the request, because clients write into conditions:
// header names arrive there in canonical case and query parameters append.
type values struct {
	server     *Server
	conditions strictjson.Value
	id         *verifier.Identity
	read       []string
}

func valuesOf(r *Request, id *verifier.Identity) *values {
	return &values{server: r.Server, conditions: r.Conditions, id: id}
}

// Values implements policy.Context. A key that is not known here has no value.
func (v *values) Values(key string) []string {
	if !slices.Contains(v.read, key) {
		v.read = append(v.read, key)
	}
	return v.value(key)
}

func (v *values) value(key string) []string {
	prefix, name, _ := strings.Cut(key, ":")
	switch {
	case prefix == "jwt":
		return v.claim(name)
	case prefix == "claim":
		return v.claimTexts(name)
	case key == "aws:groups":
		return v.groups()
	case prefix == "aws", prefix == "svc":
		return v.first(name)
	case prefix == "s3":
		return v.s3(key)
	}
	// ldap: and sts: keys have no value: directory logins carry no token that
	// is verified here, and STS is not asked about.
	return nil
}

// claim reads the verified identity and nothing else.
func (v *values) claim(name string) []string {
	if v.id == nil {
		return nil
	}
	list, _ := v.id.Claim(name)
	return list
}

// groups returns the groups of the verified identity.
func (v *values) groups() []string {
	if v.id == nil {
		return nil
	}
	return v.id.Groups
}

// claimTexts returns a claim of the verified identity as JSON texts. name may be a path, such as
// realm_access/roles.
func (v *values) claimTexts(name string) []string {
	path, ok := policy.ClaimPath(name)
	if v.id == nil || !ok {
		return nil
	}
	return v.id.ClaimTexts(path)
}

// first reads element 0 of the key of exactly this name: what MinIO, or for a
// listing's prefix its handler, acts on. Whatever follows was appended by a
// client.
func (v *values) first(name string) []string {
	if s := v.conditions.Get(name).First(); s.Kind() == strictjson.String {
		return []string{s.View()}
	}
	return nil
}

// s3 reads the names under which the server sends a key. At MinIO object lock has
// two: the header's, and a plain one that only the retention calls set, and that any
// client can set by a query parameter. Both are handed on: where they differ the
// policy engine takes the fact as unknown.
func (v *values) s3(key string) []string {
	if key == "s3:RequestObjectTagKeys" { // the one that is a list by its nature
		return v.all("RequestObjectTagKeys")
	}
	if v.server == nil {
		return nil
	}
	var list []string
	for _, name := range v.server.ConditionNames(key) {
		list = append(list, v.first(name)...)
	}
	return list
}

func (v *values) all(name string) []string {
	var list []string
	for e := range v.conditions.Get(name).Elements() {
		list = append(list, e.View())
	}
	return list
}
