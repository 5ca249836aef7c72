// Package matrix lays a mapping out as a table: who holds which policy, and what that policy lets them do
// where. A row is one principal, one policy and one resource pattern; a column is a class of actions.
//
// A cell says what the policy allows on that pattern, after every Deny without a condition and every guard
// was taken off. A part of the pattern that a Deny takes away stands in Minus. What a policy or a guard
// denies stands in rows of its own, with the effect Deny.
package matrix
