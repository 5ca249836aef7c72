// Package explain explains a decision: the steps in their order, the rule and the
// statement that decided, and what would turn the answer.
//
// It decides nothing. It reads what the gateway has decided, so an explanation cannot
// differ from the answer that MinIO gets.
package explain
