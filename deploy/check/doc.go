// Package check tests what deploy/ holds with the programs that read it: helm,
// docker-compose, promtool, systemd-analyze, and claimgate itself, built from
// this tree. A program that is missing fails the tests; .ci/run deploy brings
// all of them.
//
// Manifests are decoded strictly with the API's own types, since the schemas that
// kubeconform reads can't be fetched everywhere.
package check
