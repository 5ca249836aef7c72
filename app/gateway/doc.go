// Package gateway decides one request: a Request goes in, a Decision comes out.
// It knows nothing of HTTP.
//
// The order of the checks lives in Gateway.decide and nowhere else; read it top
// to bottom. What must never happen:
//
//   - A request is allowed by anything but the three reasons owner, policy_allow
//     and deny_only. The zero Decision denies.
//   - A token that is there and fails is followed by another way to be allowed.
//   - What a client can write into conditions changes an answer, save where a
//     granted policy's own condition reads that very header or parameter.
//   - An answer of an earlier mapping is given after a reload: what is remembered
//     belongs to one revision and goes with it.
//
// Of a request only account, owner and claims are MinIO's word, and for
// admin:Prometheus not even the claims: the caller signs those itself.
package gateway
