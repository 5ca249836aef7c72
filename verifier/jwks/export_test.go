package jwks

// For tests of this directory that verify tokens, which need package verifier.
type Snapshot = snapshot

const SnapshotVersion = snapshotVersion
