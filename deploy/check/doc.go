// Package check tests the files of deploy/ with the programs that read them: helm,
// docker-compose, promtool, systemd-analyze, and claimgate itself, built from this tree.
// The tests fail if a program is missing; .ci/run deploy installs all of them.
//
// Manifests are decoded strictly with the API's own types: the schemas of kubeconform
// cannot be fetched everywhere.
package check
