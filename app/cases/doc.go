// Package cases reads and runs the test cases that stand beside a mapping: who
// asks for what, and what the answer has to be. They are decided by the code that
// answers MinIO, with the identity taken as given.
package cases
