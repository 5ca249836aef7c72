// Package cases reads and runs the test cases of a mapping. A case is an identity, a request and the expected
// answer. The code that answers MinIO decides the case: package offline runs that code with the given identity.
package cases
