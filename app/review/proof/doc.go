// Package proof proves the invariants of a mapping. The code that answers MinIO judges each request, so a
// counterexample is an answer that MinIO would get. A counterexample is printed as arguments of claimgate
// explain and as a case of claimgate test. Both give the same answer again.
package proof
