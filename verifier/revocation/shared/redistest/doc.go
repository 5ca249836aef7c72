// Package redistest holds the shared store of revocations against Debian's
// redis-server. It is a module of its own because plain go test needs no Redis:
//
//	.ci/run redis                          installs redis-server and runs it
//	go test ./verifier/revocation/shared/redistest/... needs redis-server in PATH
//
// Every test starts its own server on a loopback port, in a directory of its own,
// and ends it. TestTwoReplicas builds claimgate and runs it twice.
package redistest
