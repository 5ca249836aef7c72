// Package blueprint reads Authentik's blueprints more strictly than Authentik does, so
// that tests find mistakes without an Authentik: unknown members, duplicate members, tags
// with wrong arguments, references to missing or later entries, attributes that a model
// does not have, and missing settings without which tokens cannot be trusted.
//
// Members and attributes are those of the API of Authentik 2024.12 to 2026.8.
package blueprint
