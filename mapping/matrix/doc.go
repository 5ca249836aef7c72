// Package matrix shows a mapping as a table: who holds which policy, and what the policy allows on which
// resources. A row is one principal, one policy and one resource pattern. A column is a class of actions.
//
// A cell says how much of the class the policy allows on the pattern, after every Deny without a condition and
// every guard is taken away. If a Deny takes away a part of the pattern, the part is in Minus. What a policy or
// a guard denies is in separate rows with the effect Deny.
package matrix
