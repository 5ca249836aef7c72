package audit_test

import (
	"bufio"
	"encoding/json"
	"maps"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/audit"
	"github.com/claimgate/claimgate/app/dialect/minio"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/verifier"
	"github.com/google/go-cmp/cmp"
)

// patient makes a log whose lines and whose Close have as long as a busy machine needs.
var patient = audit.Timeouts(2*time.Minute, 2*time.Minute)

func open(t *testing.T, allow string) (*audit.Log, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "decisions.jsonl")
	l, err := audit.Open(file, allow, patient)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l, file
}

func lines(t *testing.T, file string) []map[string]any {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []map[string]any
	s := bufio.NewScanner(f)
	for s.Scan() {
		var line map[string]any
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			t.Fatalf("%v in %s", err, s.Text())
		}
		all = append(all, line)
	}
	return all
}

func entry(reason gateway.Reason) *audit.Entry {
	return &audit.Entry{
		Time: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), Peer: net.IPv4(127, 0, 0, 1), Status: 200, Duration: 42 * time.Microsecond,
		Decision: &gateway.Decision{Reason: reason},
	}
}

func TestAFullLineHoldsWhatIsDocumentedAndNothingElse(t *testing.T) {
	l, file := open(t, "all")
	doc, err := strictjson.Parse([]byte(`{
		"conditions":{"SourceIp":["192.0.2.1","10.0.0.1"],"Authorization":["AWS4 Signature=SECRET"],"Cookie":["SECRET"],
			"authentik_token":["SECRET.TOKEN.VALUE"],"X-Amz-Server-Side-Encryption-Customer-Key":["SECRET"]},
		"claims":{"parent":"alice","sessionPolicy":"SECRET","authentik_token":"SECRET.TOKEN.VALUE"}}`))
	if err != nil {
		t.Fatal(err)
	}
	e := entry(gateway.TokenBinding)
	e.Request = &gateway.Request{
		Server:  minio.Dialect.Server,
		Account: "KEY", Action: "s3:GetObject", Bucket: "b", Object: "a \"quoted\"\nkey", Owner: true, DenyOnly: true,
		Conditions: doc.Root().Get("conditions"), Claims: gateway.ClaimsOf(doc.Root().Get("claims")),
	}
	e.Decision.Detail, e.Decision.Hint, e.Decision.Revision = "what was wrong", "what to change", "rev"
	e.Decision.Claim = []string{"readonly"}
	e.Decision.Identity = &verifier.Identity{
		Issuer: "authentik", Subject: "s", Username: "alice", Groups: []string{"a, b", "c"}, Digest: [32]byte{0xab, 1, 2, 3, 4, 5, 6, 7, 0xff},
	}
	if err := l.Write(e); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{{
		"time": "2026-11-21T12:00:00Z", "id": strings.Repeat("0", 32), "allow": false, "reason": "token_binding",
		"detail": "what was wrong", "hint": "what to change", "action": "s3:GetObject", "bucket": "b",
		"object": "a \"quoted\"\nkey", "account": "KEY", "owner": true, "deny_only": true, "static": true, "session_policy": true, "claim": []any{"readonly"}, "parent": "alice", "source": "192.0.2.1",
		"issuer": "authentik", "sub": "s", "username": "alice", "groups": []any{"a, b", "c"}, "token": "ab01020304050607",
		"revision": "rev", "peer": "127.0.0.1", "status": 200.0, "duration_us": 42.0,
	}}
	if diff := cmp.Diff(want, lines(t, file)); diff != "" {
		t.Errorf("the line (-want +got):\n%s", diff)
	}
	wantDocumented(t, maps.Keys(want[0]))
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "SECRET") {
		t.Error("a secret is in the log")
	}
}

func TestClaimsThatTheCallerSignedAreNotLogged(t *testing.T) {
	l, file := open(t, "all")
	doc, err := strictjson.Parse([]byte(`{"parent":"rootadmin"}`))
	if err != nil {
		t.Fatal(err)
	}
	e := entry(gateway.NoPolicy)
	e.Request = &gateway.Request{Server: minio.Dialect.Server, Account: "eve", Action: "admin:Prometheus", Claims: gateway.ClaimsOf(doc.Root())}
	if err := l.Write(e); err != nil {
		t.Fatal(err)
	}
	if parent, found := lines(t, file)[0]["parent"]; found {
		t.Errorf("admin:Prometheus: the forged parent %v is in the log", parent)
	}
}

func TestDeniesAreAlwaysWrittenAndAllowsAsConfigured(t *testing.T) {
	for allow, want := range map[string]int{"all": 10, "none": 0, "1/1": 10, "1/3": 4, "2/3": 7, "1/100": 1} {
		l, file := open(t, allow)
		for range 10 {
			for _, r := range []gateway.Reason{gateway.PolicyAllow, gateway.NoToken} {
				if err := l.Write(entry(r)); err != nil {
					t.Fatal(err)
				}
			}
		}
		got := map[any]int{}
		for _, line := range lines(t, file) {
			got[line["reason"]]++
		}
		if got["no_token"] != 10 || got["policy_allow"] != want {
			t.Errorf("allow = %q: %d denies and %d allows of 10 each, want 10 and %d", allow, got["no_token"], got["policy_allow"], want)
		}
		if c := l.Counts(); c.Written != uint64(10+want) || c.Skipped != uint64(10-want) || c.Lost != 0 {
			t.Errorf("allow = %q: counts are %+v", allow, c)
		}
	}
}

// An allow that the next mapping would deny is written for every audit.allow, and its line has that
// decision.
func TestWhatTheNextMappingWouldDenyIsWritten(t *testing.T) {
	l, file := open(t, "none")
	for _, outcome := range []gateway.Outcome{gateway.ShadowSame, gateway.ShadowLoses} {
		e := entry(gateway.PolicyAllow)
		if e.Decision.Outcome = outcome; outcome == gateway.ShadowLoses {
			e.Decision.Shadow = &gateway.Shadow{Reason: gateway.GuardDeny, Rule: mapping.Rule{Kind: "guard", Name: "backups \"b\""}}
		}
		if err := l.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	got := lines(t, file)
	if len(got) != 1 {
		t.Fatalf("%d lines", len(got))
	}
	if diff := cmp.Diff(map[string]any{"allow": false, "reason": "guard_deny", "rule": `backups "b"`}, got[0]["shadow"]); diff != "" {
		t.Error(diff)
	}
}

func TestInvalidRatesAreRefused(t *testing.T) {
	for _, allow := range []string{"", "some", "1/0", "3/2", "0/3", "1/-1", "1/x", "/3", "1/99999999999"} {
		if _, err := audit.Open("off", allow); err == nil {
			t.Errorf("audit.allow = %q was taken", allow)
		}
	}
}

func TestOpenFailsWithoutTheDirectory(t *testing.T) {
	if _, err := audit.Open(filepath.Join(t.TempDir(), "no", "such", "directory"), "all"); err == nil {
		t.Error("a file in a directory that is not there was opened")
	}
}

func TestALineThatCannotBeWrittenIsAnErrorAndCounted(t *testing.T) {
	l, _ := open(t, "all")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Write(entry(gateway.NoToken)); err == nil {
		t.Error("a line into a closed log is no error")
	}
	if _, err := os.Stat("/dev/full"); err == nil {
		full, err := audit.Open("/dev/full", "all", patient)
		if err != nil {
			t.Fatal(err)
		}
		if err := full.Write(entry(gateway.NoToken)); err == nil || full.Counts().Lost != 1 {
			t.Errorf("a full disk: %v, counts %+v", err, full.Counts())
		}
		if err := full.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestALogThatIsOffWritesNothing(t *testing.T) {
	l, err := audit.Open("off", "all")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Write(entry(gateway.NoToken)); err != nil {
		t.Error(err)
	}
	if err := l.Reopen(); err != nil {
		t.Error(err)
	}
	if c := l.Counts(); c != (audit.Counts{}) {
		t.Errorf("counts are %+v", c)
	}
}

// A pipe that nobody reads must not delay an answer or Close for long.
func TestAStalledOutputDelaysNothingForLong(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(fifo, os.O_RDWR, 0) // a reader that never reads, so that Open succeeds
	if err != nil {
		t.Fatal(err)
	}
	l, err := audit.Open(fifo, "all")
	if err != nil {
		t.Fatal(err)
	}
	var full atomic.Bool
	var wg sync.WaitGroup
	for range 4000 {
		wg.Go(func() {
			if l.Write(entry(gateway.NoToken)) != nil {
				full.Store(true)
			}
		})
	}
	wg.Wait() // ends within the waiting time of one line
	if !full.Load() {
		t.Error("a pipe of 64 KiB took 4000 lines")
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Log(err) // the writer waited until the reader was closed
	}
}

func TestALineThatWasCutShortDoesNotSpoilTheNext(t *testing.T) {
	l, file := open(t, "all")
	if err := l.Write(entry(gateway.NoToken)); err != nil {
		t.Fatal(err)
	}
	size, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	restore := limitFileSize(t, uint64(size.Size())+20)
	if err := l.Write(entry(gateway.NoPolicy)); err == nil {
		t.Error("a line that did not fit is no error")
	}
	restore()
	if err := l.Write(entry(gateway.TokenExpired)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(rows) != 4 || !json.Valid([]byte(rows[0])) || json.Valid([]byte(rows[1])) || !json.Valid([]byte(rows[2])) || !json.Valid([]byte(rows[3])) {
		t.Fatalf("the log holds %q", rows)
	}
	var event struct {
		Event, Cause string
		Lost         int
		Since        time.Time
	}
	if err := json.Unmarshal([]byte(rows[2]), &event); err != nil {
		t.Fatal(err)
	}
	if event.Event != "lost" || event.Lost != 1 || !strings.Contains(event.Cause, "file too large") || event.Since.IsZero() {
		t.Errorf("what was lost is told by %s", rows[2])
	}
	if c := l.Counts(); c.Written != 2 || c.Lost != 1 {
		t.Errorf("counts are %+v", c)
	}
}

// limitFileSize makes writes beyond most bytes of a file fail, as on a full disk.
func limitFileSize(t *testing.T, most uint64) (restore func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: most, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNoLineIsLostOrTornWhileTheFileIsRotated(t *testing.T) {
	l, file := open(t, "all")
	const writers, each = 4, 500
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				if err := l.Write(entry(gateway.NoToken)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var old []string
	for n := range 20 {
		name := file + "." + string(rune('a'+n))
		if err := os.Rename(file, name); err != nil {
			t.Fatal(err)
		}
		if err := l.Reopen(); err != nil {
			t.Fatal(err)
		}
		old = append(old, name)
	}
	wg.Wait()
	total := len(lines(t, file))
	for _, name := range old {
		total += len(lines(t, name))
	}
	if total != writers*each {
		t.Errorf("%d lines of %d are there", total, writers*each)
	}
}
