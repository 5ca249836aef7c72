package verifier

// NoticeKind is what happened to an issuer's key set.
type NoticeKind string

// The kinds of notice. Their words are the outcomes of the refresh metric.
const (
	Refreshed       NoticeKind = "ok"
	KeysChanged     NoticeKind = "changed"
	RefreshFailed   NoticeKind = "error"
	SnapshotLoaded  NoticeKind = "snapshot"
	SnapshotIgnored NoticeKind = "snapshot_ignored"
	SnapshotFailed  NoticeKind = "snapshot_failed"
)

// Notice tells the program around the verifier what it should log and count.
// It never holds a token.
type Notice struct {
	Issuer  string
	Kind    NoticeKind
	Keys    int      // usable keys
	Skipped []string // why other keys of the set do not count
	Err     error
}
