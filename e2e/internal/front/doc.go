// Package front stands between MinIO and claimgate, in the test's own process.
//
// A Balancer does what a Kubernetes Service does: it passes connections, not
// requests, to the replicas that say they are ready. It repeats nothing, so that
// what a replica loses is lost.
//
// A Recorder is an HTTP proxy that keeps every question and its answer, to be
// held against the decision log.
package front
