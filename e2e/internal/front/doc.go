// Package front has servers between MinIO and claimgate. They run in the test's own
// process.
//
// A Balancer works as a Kubernetes Service: it passes connections, not requests, to the
// replicas that are ready. It retries nothing, so that a request that a replica loses is
// lost.
//
// A Recorder is an HTTP proxy that records every question and its answer, for comparison
// with the decision log.
package front
