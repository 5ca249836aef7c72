// Package explain explains a decision: the steps in their order, the rule and the statement that decided, and
// which changes would turn the answer around.
//
// The package decides nothing. It reads the Decision of the gateway, so an explanation cannot differ from the
// answer that MinIO gets.
package explain
