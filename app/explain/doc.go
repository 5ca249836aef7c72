// Package explain tells a decision in words: the steps in the order of the
// decision, the rule and the statement that decided, and what would have to be
// true for the opposite answer.
//
// It decides nothing. It reads what the gateway has decided, so that no
// explanation can differ from the answer that MinIO gets.
package explain
