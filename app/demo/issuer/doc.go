// Package issuer is a small OpenID Connect issuer that imitates Authentik. The tokens, the key set and the
// endpoints look like those of an Authentik OAuth2 provider with an RSA signing key. The demo, the tests and the
// containers of e2e verify against it, because Authentik itself cannot run there.
//
// What is imitated:
//
//   - the issuer URL ends in a slash and holds the application's slug; discovery and key set are below it, the
//     token endpoint is beside it;
//   - kid is the MD5 of the private key's PEM text (32 hex digits), typ is
//     "JWT" for ID and access tokens alike, aud is a string, nbf is never set;
//   - access tokens carry azp, uid and scope, ID tokens none of them;
//   - only the requested scopes bring claims: email, profile (with groups) and minio (policy, authentik_token);
//   - authentik_token is a separate token, signed with the same key, as a scope mapping makes it with
//     ak_create_jwt_raw; it has few claims, because MinIO carries it in its session token;
//   - machine tokens (client_credentials, password) have no sid, amr or nonce;
//   - a rotated key leaves the key set at once, without an overlap.
//
// People log in with a browser: the code flow with PKCE and the device grant show a page at which a person chooses
// a user of the demo. A refresh token is valid once. When a session ends, at its page or because its refresh token
// is revoked, the logout URI gets a logout token. Introspection knows every token of the current key. Discovery
// names a userinfo endpoint, as Authentik's does, but the issuer does not serve it.
//
// The issuer never asks for a password. Nobody may rely on it outside of a demo or a test.
package issuer
