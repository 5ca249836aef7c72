package jwks

// NoticeKind is what happened to a key set. The kinds are also the values of the
// label "outcome" of claimgate_jwks_refreshes_total.
type NoticeKind string

// The kinds of notice.
const (
	Refreshed       NoticeKind = "ok"               // fetched, unchanged
	KeysChanged     NoticeKind = "changed"          // fetched; the keys changed, or the issuer answers again
	RefreshFailed   NoticeKind = "error"            // not fetched, or not a good key set
	SnapshotLoaded  NoticeKind = "snapshot"         // read from the snapshot file
	SnapshotIgnored NoticeKind = "snapshot_ignored" // the snapshot file is not used; Err says why
	SnapshotFailed  NoticeKind = "snapshot_failed"  // the snapshot file could not be written
)

// Notice tells the program what to log and count.
type Notice struct {
	Issuer  string // the configured name of the issuer
	Kind    NoticeKind
	Keys    int      // usable signing keys
	Skipped []string // keys of the set that are not usable, and why
	Err     error    // nil unless Kind is RefreshFailed, SnapshotIgnored or SnapshotFailed
}
