// Package matrix lays a mapping out as a table: who holds which policy, and what
// that policy lets them do where. A row is one principal, one policy and one
// resource pattern; a column is a class of actions.
//
// A cell says what the policy's statements say about the class on that pattern.
// What a guard, or a Deny of another policy, takes away stands in rows of its
// own, with the effect Deny; package diff and `claimgate explain` weigh them
// against each other.
package matrix
