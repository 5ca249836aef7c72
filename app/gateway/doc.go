// Package gateway decides one request: a Request goes in, a Decision comes out.
// The package knows nothing of HTTP.
//
// Gateway.decide alone holds the order of the checks. Read it top to bottom. The package promises:
//
//   - Only the reasons owner, policy_allow and deny_only allow a request. The zero Decision denies.
//   - A request whose token fails is denied. No other way to allow it is tried.
//   - What a client writes into conditions changes no answer, unless the condition of a granted
//     policy reads that very header or parameter.
//   - A decision that begins after a reload uses nothing that was cached under an earlier mapping.
//
// Of a request MinIO vouches for account, owner and claims only. For admin:Prometheus MinIO does not
// vouch for the claims either: the caller signs them itself.
package gateway
