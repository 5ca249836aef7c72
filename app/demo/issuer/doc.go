// Package issuer is a small OpenID Connect issuer in the shape of Authentik:
// the tokens, the key set and the token endpoint look like those of an
// Authentik OAuth2 provider with an RSA signing key, so that the demo, the
// tests and the containers of e2e have something real to verify against where
// Authentik itself cannot run.
//
// What is imitated:
//
//   - the issuer URL ends in a slash and holds the application's slug;
//     discovery and key set lie below it, the token endpoint beside it;
//   - kid is the MD5 of the private key's PEM text (32 hex digits), typ is
//     "JWT" for ID and access tokens alike, aud is a string, nbf is never set;
//   - access tokens carry azp, uid and scope, ID tokens none of them;
//   - only the scopes asked for bring claims: email, profile (groups among
//     them) and minio (policy, authentik_token);
//   - authentik_token is a token of its own, signed with the same key, as a
//     scope mapping makes it with ak_create_jwt_raw: lean, because MinIO
//     carries it in its session token;
//   - machine tokens (client_credentials, password) have no sid, amr or nonce;
//   - a rotated key is a hard cut: the old one leaves the key set at once.
//
// People log in with a browser: the code flow with PKCE and the device grant show a
// page where one chooses which user of the demo to be. Refresh tokens are good once.
// The end of a session, at its page or by revoking its refresh token, is told to the
// logout URI. Introspection answers for every token of this key. The userinfo
// endpoint is named in discovery, as Authentik does, but is not served.
//
// It asks nobody for a password and must never stand where
// somebody relies on it.
package issuer
