package replay_test

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/claimgate/claimgate/app/review/replay"
	"github.com/claimgate/claimgate/internal/testsupport/anymapping"
	"github.com/google/go-cmp/cmp"
)

const rules = `version = 1
[[group]]
name = "readers"
policies = ["readonly"]
[[group]]
match = "team-{bucket}"
policies = ["own"]
[[account]]
name = "velero"
policies = ["readwrite"]
[[policy]]
name = "own"
document = '''{"Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::${group:bucket}/*"]}]}'''
`

// log is a reader of made-up lines of many users. It does not keep the lines. A tenth of the lines are flips.
type log struct {
	lines, next int
	rest        []byte
	read        func(bytes int) // may be nil
}

func (l *log) Read(p []byte) (int, error) {
	for len(l.rest) < len(p) && l.next < l.lines {
		i := l.next
		l.next++
		group, reason, allow := "readers", "policy_allow", true
		action := "s3:GetObject"
		switch i % 10 {
		case 3:
			group = fmt.Sprintf("team-bucket%d", i%500)
			action = "s3:PutObject"
		case 5:
			reason, allow = "policy_implicit_deny", false
		case 7:
			reason, allow, action = "token_expired", false, "s3:PutObject"
		}
		l.rest = fmt.Appendf(l.rest, `{"time":"2026-11-21T12:00:00.123456789Z","id":"d0ea4c5dd01f8c3f%016x","allow":%v,"reason":%q,"action":%q,"bucket":"bucket%d","object":"some/path/to/an/object/%d.parquet","account":"SYATYQYM1DF9SNCAMI78","source":"127.0.0.1","issuer":"authentik","sub":"user-%d","username":"user-%d","groups":["everybody",%q],"token":"b9415d41c75533ab","rule":"readers","rule_kind":"group","rule_file":"/etc/claimgate/mapping.toml","rule_line":2,"policy":"readonly","statement":0,"revision":"317ce73efc7fa077099891b4f2985195335a783405fd9e345a7066a1cefc408f","peer":"10.0.0.1","status":200,"duration_us":12}`+"\n",
			i, allow, reason, action, i%500, i, i%50_000, i%50_000, group)
	}
	if len(l.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, l.rest)
	l.rest = append(l.rest[:0], l.rest[n:]...)
	if l.read != nil {
		l.read(n)
	}
	return n, nil
}

// A replay of a million lines takes seconds, and no more memory than a replay of a thousand. The limit is the
// documented one.
func TestAMillionLines(t *testing.T) {
	m := anymapping.Load(t, rules)
	read := 0
	var peak uint64
	start := time.Now()
	r, err := replay.Run(&log{lines: manyLines, read: func(n int) {
		if read += n; read>>26 != (read-n)>>26 { // every 64 MiB
			var mem runtime.MemStats
			runtime.ReadMemStats(&mem)
			peak = max(peak, mem.HeapInuse)
		}
	}}, replay.Options{Mapping: m, Now: time.Now()})
	took := time.Since(start)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v, %d MiB read, %d MiB of heap", took, read>>20, peak>>20)
	if peak > 256<<20 {
		t.Errorf("it held %d MiB", peak>>20)
	}
	want := replay.Result{Lines: manyLines, Unaffected: manyLines / 10, Gains: manyLines / 10, Same: manyLines / 10 * 8}
	got := replay.Result{Lines: r.Lines, Unreadable: r.Unreadable, Unaffected: r.Unaffected, Gains: r.Gains, Losses: r.Losses, Same: r.Same, Reasons: r.Reasons, Uncertain: r.Uncertain}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	counted := r.More
	for _, f := range r.Flips {
		counted += f.Count
	}
	if counted != r.Gains {
		t.Errorf("the groups hold %d of %d flips", counted, r.Gains)
	}
}

// The result does not depend on the number of workers, nor on how the log is cut.
func TestTheResultDoesNotDependOnWhoReadsWhat(t *testing.T) {
	m := anymapping.Load(t, rules)
	var text bytes.Buffer
	if _, err := io.Copy(&text, &log{lines: 5000}); err != nil {
		t.Fatal(err)
	}
	text.WriteString("half a li")
	var want *replay.Result
	for _, workers := range []int{1, 2, 7} {
		for _, in := range []io.Reader{bytes.NewReader(text.Bytes()), iotest.HalfReader(bytes.NewReader(text.Bytes()))} {
			r, err := replay.Run(in, replay.Options{Mapping: m, Now: time.Now(), Workers: workers})
			if err != nil {
				t.Fatal(err)
			}
			if r.Unreadable != 1 || r.Lines != 5001 {
				t.Fatalf("%d lines, %d unreadable", r.Lines, r.Unreadable)
			}
			if want == nil {
				want = r
			} else if diff := cmp.Diff(want, r); diff != "" {
				t.Fatal(diff)
			}
		}
	}
}

func TestABrokenReadIsAnError(t *testing.T) {
	m := anymapping.Load(t, rules)
	if _, err := replay.Run(iotest.TimeoutReader(&log{lines: 10_000}), replay.Options{Mapping: m}); err == nil {
		t.Error("an error of the reader is lost")
	}
	if _, err := replay.Run(strings.NewReader(strings.Repeat("x", 18<<20)), replay.Options{Mapping: m}); err == nil {
		t.Error("a line without end is read")
	}
	r, err := replay.Run(strings.NewReader(""), replay.Options{Mapping: m})
	if err != nil || r.Lines != 0 || r.Flips == nil {
		t.Errorf("%+v, %v", r, err)
	}
}

// The number of lost decisions stays at the largest number, however many huge numbers the log says.
func TestHugeNumbersOfLostDecisions(t *testing.T) {
	line := fmt.Sprintf("{\"event\":\"lost\",\"lost\":%d}\n", math.MaxInt)
	for _, lines := range []int{1, 2, 3, 100_000} {
		for _, workers := range []int{1, 4} {
			r, err := replay.Run(strings.NewReader(strings.Repeat(line, lines)+"{\"event\":\"lost\",\"lost\":7}\n"), replay.Options{Workers: workers})
			if err != nil || r.Lost != math.MaxInt {
				t.Errorf("%d huge lines, %d workers: %d, %v", lines, workers, r.Lost, err)
			}
		}
	}
}
