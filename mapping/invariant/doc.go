// Package invariant proves sentences that hold for everybody: a reviewer signs "nobody but break-glass
// deletes backups", and the package says whether a mapping keeps the word.
//
// A [[never]] holds if no identity that has none of the excepted can do any of the actions on any of the
// resources, whatever groups, claims and conditions there are. An [[always]] holds if everybody with the
// principal can, whatever else they hold.
//
// What the package promises:
//
//   - Holds means that package access found no part of any region left, or that every text that the part
//     could stand for was tried.
//   - Violated comes with a counterexample, and the Judge has given that very answer.
//   - Everything else is Undecided, and says why. Undecided is never taken for Holds.
//
// Requests of self-service (denyOnly) are left out: MinIO asks them about the caller's own keys. Session
// policies are left out, because they only narrow.
package invariant
