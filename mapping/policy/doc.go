// Package policy reads IAM policy documents in MinIO's dialect. It answers whether they allow a request,
// and which statement decides.
//
// What it promises:
//
//   - A document that loads means what MinIO's own engine (minio/pkg v3.1.3) makes of it, except for the
//     differences that README.md lists by name.
//   - Every difference is to the safe side: an Allow is never read wider, and a Deny never narrower, than the
//     text permits. What cannot be decided, such as a condition on a variable without a value, helps no Allow
//     and stops no Deny.
//   - A document is understood completely or it does not load. Unknown members, actions, operators, keys and
//     variables are errors with a position.
//   - The zero value of every type denies: no grants, no Set, no Policy.
//
// Evaluation takes these steps; the first that applies decides:
//
//  1. A Deny statement matches: ExplicitDeny. No grant overrides it.
//  2. The request is denyOnly ("allowed unless explicitly denied"): AllowDenyOnly.
//  3. An Allow statement matches: Allow.
//  4. Otherwise: ImplicitDeny.
//
// A statement matches if its Action (or NotAction), its Resource (or NotResource) and all its conditions
// hold. Values from the request replace policy variables as literals: a user named "*" is never a wildcard.
package policy
