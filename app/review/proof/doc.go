// Package proof proves the invariants of a mapping by the code that answers MinIO. A counterexample is an
// answer of that code, and is printed so that a reviewer gets the same answer from claimgate explain and
// from claimgate test.
package proof
