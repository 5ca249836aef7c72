package blueprint

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Trust returns the settings of a blueprint with which tokens could be forged, or issued
// to the wrong people.
func (b *Blueprint) Trust() (faults []string) {
	fault := func(e *Entry, format string, args ...any) {
		faults = append(faults, fmt.Sprintf("%d: %s: %s", e.line, e.Model, fmt.Sprintf(format, args...)))
	}
	for _, e := range b.Entries {
		switch e.Model {
		case "authentik_providers_oauth2.oauth2provider":
			if e.Attrs["signing_key"].Tag != "!Find" || e.conditions == nil || !equal(e.conditions.Content[0], e.Attrs["signing_key"]) {
				fault(e, "want a signing_key by !Find, and the same !Find as a condition: without a key Authentik signs with the client secret")
			}
			if e.Attrs["encryption_key"] != nil {
				fault(e, "MinIO and claimgate cannot read encrypted tokens")
			}
			if len(e.Attrs["grant_types"].Content) == 0 {
				fault(e, "without grant_types every request fails")
			}
			if !fromEnvironment(e.Attrs["client_secret"]) {
				fault(e, "want the client_secret from the environment, without a default")
			}
			if e.Attrs["sub_mode"].Value != "hashed_user_id" || e.Attrs["issuer_mode"].Value != "per_provider" {
				fault(e, "want sub_mode hashed_user_id and issuer_mode per_provider, as the scope mapping says")
			}
			if e.Attrs["client_type"].Value != "public" {
				fault(e, "want a public client: claimgate login has no secret")
			}
			for _, uri := range e.Attrs["redirect_uris"].Content {
				var mode struct {
					Mode string `yaml:"matching_mode"`
				}
				if err := uri.Decode(&mode); err != nil || mode.Mode != "strict" {
					fault(e, "want redirect_uris compared strictly")
				}
			}
		case "authentik_flows.flow":
			if e.Attrs["authentication"].Value != "require_authenticated" {
				fault(e, "want a flow for people who are logged in")
			}
		case "authentik_core.token":
			if !fromEnvironment(e.Attrs["key"]) {
				fault(e, "want the key from the environment, without a default")
			}
		case "authentik_core.user":
			if e.Attrs["password"] != nil {
				fault(e, "a password in a file")
			}
		case "authentik_core.group":
			if e.Attrs["is_superuser"] != nil {
				fault(e, "a group must not make superusers of Authentik")
			}
		case "authentik_core.application":
			if !b.bound(e.ID) {
				fault(e, "an application without policy bindings is open to every user")
			}
		}
	}
	return faults
}

func (b *Blueprint) bound(application string) bool {
	return slices.ContainsFunc(b.Entries, func(e *Entry) bool {
		target := e.Attrs["target"]
		return e.Model == "authentik_policies.policybinding" && target.Tag == "!KeyOf" && target.Value == application &&
			(e.Attrs["group"] != nil || e.Attrs["user"] != nil)
	})
}

// fromEnvironment reports whether a value comes from the environment, without a default:
// everybody can read a default.
func fromEnvironment(n *yaml.Node) bool { return n.Tag == "!Env" && n.Kind == yaml.ScalarNode }

func equal(a, b *yaml.Node) bool {
	return a.Tag == b.Tag && a.Value == b.Value && slices.EqualFunc(a.Content, b.Content, equal)
}
