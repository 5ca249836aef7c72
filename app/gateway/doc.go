// Package gateway decides one request: a Request goes in, a Decision comes out.
// The package knows nothing of HTTP.
//
// Gateway.decide alone holds the order of the checks. Read it top to bottom. The package promises:
//
//   - Only the reasons owner, policy_allow and deny_only allow a request. The zero Decision denies.
//   - A request whose token fails is denied. No other way to allow it is tried.
//   - Besides the token, a client's value in conditions changes an answer only if an evaluated policy
//     (granted, of a guard, or of the session) reads that very header or parameter.
//   - A decision that begins after a reload uses nothing that was cached under an earlier mapping.
//
// MinIO vouches only for account, owner and claims of a request. For admin:Prometheus MinIO does not
// vouch for the claims either: the caller signs the claims itself.
package gateway
