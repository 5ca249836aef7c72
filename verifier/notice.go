package verifier

// NoticeKind is what happened to an issuer's key set, or to its introspection.
type NoticeKind string

// The kinds of notice. The words of those about key sets are the outcomes of the
// refresh metric.
const (
	Refreshed       NoticeKind = "ok"
	KeysChanged     NoticeKind = "changed"
	RefreshFailed   NoticeKind = "error"
	SnapshotLoaded  NoticeKind = "snapshot"
	SnapshotIgnored NoticeKind = "snapshot_ignored"
	SnapshotFailed  NoticeKind = "snapshot_failed"

	// Said once when the issuer begins to fail, and once when it answers again.
	IntrospectionFailed    NoticeKind = "introspection_error"
	IntrospectionRecovered NoticeKind = "introspection_ok"
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
