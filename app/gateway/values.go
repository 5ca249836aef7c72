package gateway

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/mapping/policy"
	"github.com/claimgate/claimgate/verifier"
)

// values returns the values of condition keys and policy variables for one request. It reads fixed names
// only, because clients write into conditions: headers come in under their canonical names, and query
// parameters append to values.
type values struct {
	server     *Server
	conditions strictjson.Value
	id         *verifier.Identity
	read       []string
}

func valuesOf(r *Request, id *verifier.Identity) *values {
	return &values{server: r.Server, conditions: r.Conditions, id: id}
}

// Values implements policy.Context, and remembers the key for Decision.Read. An unknown key has no value.
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
	// ldap: and sts: keys have no value: directory logins have no token that is verified here, and the
	// server does not ask about STS.
	return nil
}

// claim returns a claim of the verified identity. Conditions cannot stand in for it.
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

// first returns element 0 of the condition of exactly this name. MinIO acts on that element. Clients can
// only append elements after it.
func (v *values) first(name string) []string {
	if s := v.conditions.Get(name).First(); s.Kind() == strictjson.String {
		return []string{s.View()}
	}
	return nil
}

// s3 returns the values of a key under all names under which the server sends it. MinIO has two names for
// an object lock: that of the header, and a plain name. Only the retention calls set the plain name, but
// any client can set it by a query parameter. So both values are returned, and if they differ the policy
// engine treats the value as unknown.
func (v *values) s3(key string) []string {
	if key == "s3:RequestObjectTagKeys" { // the only key with a list of values
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
