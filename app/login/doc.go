// Package login logs people in at an OpenID Connect provider and exchanges their id_token for MinIO's
// credentials, so that every S3 client works.
//
// What the package promises:
//
//   - The id_token is checked by package verifier before MinIO gets it.
//   - Secrets (tokens, keys, refresh tokens) are written only to files of mode 0600. If the system has a
//     keyring, a key of the keyring seals the file. Only Write prints secrets.
//   - A file that somebody else could have read or written is refused.
//   - One process at a time uses a refresh token, because a provider accepts each refresh token once.
package login
