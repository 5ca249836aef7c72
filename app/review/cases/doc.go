// Package cases reads and runs the test cases beside a mapping. A case is an identity, a
// request and the expected answer. The code that answers MinIO decides it, with the
// identity given.
package cases
