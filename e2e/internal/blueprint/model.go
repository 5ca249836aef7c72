package blueprint

// model lists the attributes that an entry may have and those that it must have.
type model struct {
	attrs    []string
	required []string
}

// models are the models of the project's blueprints. Attributes may also be under
// identifiers.
var models = map[string]model{
	"authentik_blueprints.metaapplyblueprint": {
		attrs:    []string{"identifiers", "required"},
		required: []string{"identifiers", "required"},
	},
	"authentik_providers_oauth2.scopemapping": {
		attrs:    []string{"managed", "name", "scope_name", "description", "expression"},
		required: []string{"name", "scope_name", "expression"},
	},
	"authentik_providers_oauth2.oauth2provider": {
		attrs: []string{
			"name", "authentication_flow", "authorization_flow", "invalidation_flow", "property_mappings",
			"client_type", "client_id", "client_secret", "grant_types", "redirect_uris",
			"access_code_validity", "access_token_validity", "refresh_token_validity", "refresh_token_threshold",
			"include_claims_in_id_token", "signing_key", "encryption_key", "issuer_mode", "sub_mode",
			"logout_uri", "logout_method", "jwt_federation_sources", "jwt_federation_providers",
		},
		// Most of these have a default that differs between releases, or with which
		// MinIO or claimgate does not work.
		required: []string{
			"name", "authorization_flow", "invalidation_flow", "property_mappings", "client_type", "client_id",
			"client_secret", "grant_types", "redirect_uris", "include_claims_in_id_token", "signing_key",
			"issuer_mode", "sub_mode", "access_token_validity",
		},
	},
	"authentik_flows.flow": {
		attrs:    []string{"slug", "name", "title", "designation", "authentication", "policy_engine_mode", "layout", "denied_action"},
		required: []string{"slug", "name", "title", "designation", "authentication"},
	},
	"authentik_brands.brand": {
		attrs:    []string{"domain", "default", "flow_device_code"},
		required: []string{"domain"},
	},
	"authentik_core.application": {
		attrs: []string{
			"slug", "name", "provider", "group", "open_in_new_tab", "meta_launch_url", "meta_description",
			"meta_publisher", "policy_engine_mode",
		},
		required: []string{"slug", "name", "provider"},
	},
	"authentik_core.group": {
		attrs:    []string{"name", "is_superuser", "users", "attributes", "roles"},
		required: []string{"name"},
	},
	"authentik_core.user": {
		attrs:    []string{"username", "name", "email", "type", "path", "is_active", "groups", "attributes", "password"},
		required: []string{"username", "name", "type"},
	},
	"authentik_core.token": {
		attrs:    []string{"identifier", "user", "intent", "expiring", "expires", "description", "key"},
		required: []string{"identifier", "user", "intent", "expiring", "key"},
	},
	"authentik_policies.policybinding": {
		attrs:    []string{"target", "group", "user", "policy", "order", "enabled", "negate", "timeout", "failure_result"},
		required: []string{"target", "order"},
	},
}

// members are the members of an entry.
var members = []string{"model", "id", "identifiers", "attrs", "conditions", "state", "permissions"}
