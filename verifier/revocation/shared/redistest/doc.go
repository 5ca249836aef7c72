// Package redistest tests the shared store of revocations with Debian's redis-server. It is
// a module of its own, so that plain go test needs no Redis:
//
//	.ci/run redis                          installs redis-server and runs it
//	go test ./verifier/revocation/shared/redistest/... needs redis-server in PATH
//
// Every test starts its own server on a loopback port, in a directory of its own, and ends
// the server. TestTwoReplicas builds claimgate and runs it twice.
package redistest
