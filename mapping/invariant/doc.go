// Package invariant proves sentences about a mapping that hold for every identity, such as "nobody but
// break-glass deletes backups".
//
// A [[never]] holds if no identity can do any of the actions on any of the resources, with any groups, claims
// and conditions. Identities that have one of the excepted principals do not count. An [[always]] holds if
// every identity with the principal can do every action on every resource, with any other groups and claims.
//
// What the package promises:
//
//   - Holds means that package access found nothing left of any region, or that every value that could make
//     a difference was tried. For an Always that includes values that a condition cannot read; see unknown.go.
//   - Violated comes with a counterexample: a request to which the Judge gave the wrong answer.
//   - Every other invariant is Undecided, and the result says why. Undecided never counts as Holds.
//
// Self-service requests (denyOnly) are left out, because MinIO asks them about the caller's own keys. Session
// policies are left out, because a session policy can only deny more.
//
// How an invariant is proved: package access lists the principals of the mapping, and for each principal the
// regions that may break the invariant (Chances). For such a region the package chooses texts for captures and
// variables (an assignment), resources to try (access.Samples), and values of condition keys (facts). The
// Judge then answers each request.
package invariant
