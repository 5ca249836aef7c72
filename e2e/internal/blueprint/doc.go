// Package blueprint reads Authentik's blueprints more strictly than Authentik
// does, so that a mistake in one shows without an Authentik: unknown members,
// members that stand twice, tags with other arguments than theirs, references to
// entries that are not there or come later, attributes that a model does not
// have, and what must not be missing where tokens are to be trusted.
//
// Members and attributes are those of the API of Authentik 2024.12 to 2026.8.
package blueprint
