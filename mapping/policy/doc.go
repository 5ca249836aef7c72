// Package policy reads IAM policy documents in MinIO's dialect and answers
// whether they let a request proceed, and which statement says so.
//
// What it promises:
//
//   - A document that loads means what MinIO's own engine (minio/pkg v3.1.3)
//     would make of it, save for the differences that README.md lists by name.
//   - Every difference points one way: an Allow is never read wider, a Deny
//     never narrower, than the text can bear. What cannot be decided, such as
//     a condition on a variable that is not set, helps no Allow and stops no
//     Deny.
//   - A document is understood whole or not loaded at all. Unknown members,
//     actions, operators, keys and variables are errors with a position.
//   - The zero value of every type denies: no grants, no Set, no Policy.
//
// Evaluation takes these steps; the first that applies decides:
//
//  1. A Deny statement that matches: ExplicitDeny. No grant overrides it.
//  2. The request is denyOnly ("allowed unless explicitly denied"):
//     AllowDenyOnly.
//  3. An Allow statement that matches: Allow.
//  4. Otherwise: ImplicitDeny.
//
// A statement matches when its Action (or NotAction), its Resource (or
// NotResource) and every condition hold. Values that come from the request
// take the place of policy variables as literals: a user named "*" is never a
// wildcard.
package policy
