package jwks

// For the tests of this directory that are in package jwks_test, because they import package verifier.
type Snapshot = snapshot

const SnapshotVersion = snapshotVersion
