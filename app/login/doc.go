// Package login logs people in at an OpenID Connect provider and exchanges their id_token for MinIO's
// credentials, so that every S3 client works.
//
// What the package promises:
//
//   - The id_token is checked by package verifier before MinIO gets it.
//   - A secret (a token, a key, a refresh token) is written to files of mode 0600 alone, sealed with a key of
//     the system's keyring where there is one, and never printed but by Write, which exists to print
//     credentials.
//   - A file that somebody else could have read or written is refused.
//   - One process at a time uses a refresh token, because the provider takes each once.
package login
