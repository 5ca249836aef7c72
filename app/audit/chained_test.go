package audit_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/claimgate/claimgate/app/audit"
	"github.com/claimgate/claimgate/app/audit/chain"
	"github.com/claimgate/claimgate/app/gateway"
)

func chained(t *testing.T, file string, with ...audit.Option) *audit.Log {
	t.Helper()
	l, err := audit.Open(file, "all", append(with, patient, audit.Chained())...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func write(t *testing.T, l *audit.Log, n int) {
	t.Helper()
	for i := range n {
		if err := l.Write(numbered(i, gateway.NoToken)); err != nil {
			t.Fatal(err)
		}
	}
}

// verified verifies files and returns the report, which must have no findings.
func verified(t *testing.T, heads []string, files ...string) *chain.Report {
	t.Helper()
	o := chain.Options{}
	for _, h := range heads {
		head, err := chain.ParseHash(h)
		if err != nil {
			t.Fatal(err)
		}
		o.Heads = append(o.Heads, head)
	}
	v := chain.New(o)
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := v.File(filepath.Base(file), f); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	r := v.Report()
	if !r.Whole {
		t.Errorf("found %+v", r.Findings)
	}
	return r
}

func TestAChainedLogIsWholeOverRestartsAndRotations(t *testing.T) {
	file := filepath.Join(t.TempDir(), "decisions.jsonl")
	l := chained(t, file)
	write(t, l, 3)
	first := l.State()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = chained(t, file)
	write(t, l, 3)
	if err := l.Reopen(); err != nil { // a SIGHUP without a rotation
		t.Fatal(err)
	}
	write(t, l, 1)
	if err := os.Rename(file, file+".1"); err != nil {
		t.Fatal(err)
	}
	write(t, l, 1) // into the old file
	if err := l.Reopen(); err != nil {
		t.Fatal(err)
	}
	write(t, l, 2)
	second := l.State()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	r := verified(t, []string{first.Head, second.Head}, file+".1", file)
	if len(r.Chains) != 2 || r.Chains[0].Last != 3 || r.Chains[1].Last != 7 || r.Lines != 10 {
		t.Errorf("the report is %+v", r)
	}
	if r.Chains[1].Chain != second.Chain || second.Seq != 7 {
		t.Errorf("the state was %+v", second)
	}
	verified(t, nil, file+".1")
	if r := verified(t, nil, file); len(r.Notes) != 1 {
		t.Errorf("the notes are %q", r.Notes)
	}
}

func TestAChainGoesOnAfterACrash(t *testing.T) {
	for name, tail := range map[string]string{
		"half a line":                 `{"time":"2026-11`,
		"two halves":                  "{\"time\":\"20\n{\"time\":\"2026-11",
		"a half that was ended":       "{\"time\":\"20\n",
		"a line of nulls":             strings.Repeat("\x00", 300),
		"more than is looked at once": `{"x":"` + strings.Repeat("x", 200<<10),
	} {
		file := filepath.Join(t.TempDir(), "decisions.jsonl")
		l := chained(t, file)
		write(t, l, 3)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		appendTo(t, file, tail)
		l = chained(t, file)
		write(t, l, 3)
		head := l.State().Head
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if r := verified(t, []string{head}, file); r.Torn != strings.Count(strings.TrimSuffix(tail, "\n"), "\n")+1 || r.Chained != 6 {
			t.Errorf("%s: the report is %+v", name, r)
		}
	}
}

func appendTo(t *testing.T, file, text string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// A crash can prevent that the newline reaches the disk.
func TestALineThatLacksItsNewlineIsALine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "decisions.jsonl")
	l := chained(t, file)
	write(t, l, 3)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, info.Size()-1); err != nil {
		t.Fatal(err)
	}
	l = chained(t, file)
	write(t, l, 1)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if r := verified(t, nil, file); r.Torn != 0 || r.Chained != 4 {
		t.Errorf("the report is %+v", r)
	}
}

func TestAChainIsLinkedToEarlierUnchainedLines(t *testing.T) {
	file := filepath.Join(t.TempDir(), "decisions.jsonl")
	l, err := audit.Open(file, "all", patient)
	if err != nil {
		t.Fatal(err)
	}
	write(t, l, 2)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = chained(t, file)
	write(t, l, 2)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if r := verified(t, nil, file); r.Unchained != 2 || r.Chained != 2 {
		t.Errorf("the report is %+v", r)
	}
}

// Wherever a full disk cuts a line, the log stays whole and reports the lost lines.
func TestAChainStaysWholeWhenAFullDiskCutsLines(t *testing.T) {
	dir := t.TempDir()
	for room := range 420 {
		file := filepath.Join(dir, fmt.Sprint(room))
		l := chained(t, file)
		write(t, l, 2)
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		restore := limitFileSize(t, uint64(info.Size())+uint64(room))
		for n := range 3 {
			_ = l.Write(numbered(n, gateway.NoToken)) // the counts show the result
		}
		restore()
		write(t, l, 2)
		counts, head := l.Counts(), l.State().Head
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if room%2 == 1 { // with a restart
			l = chained(t, file)
			write(t, l, 1)
			counts.Written++
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			head = l.State().Head
		}
		r := verified(t, []string{head}, file)
		if r.Lost != counts.Lost || uint64(r.Chained) != counts.Written+1 || counts.Written+counts.Lost != 7+uint64(room%2) || counts.Lost == 0 {
			t.Fatalf("with room for %d bytes: %+v, counted %+v", room, r, counts)
		}
	}
}

func TestAChainedFileHasOneWriter(t *testing.T) {
	file := filepath.Join(t.TempDir(), "decisions.jsonl")
	l := chained(t, file)
	write(t, l, 1)
	if _, err := audit.Open(file, "all", audit.Chained()); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a second writer: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, chained(t, file), 1)
}

func TestManyWritersAndRotationsMakeOneChain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "decisions.jsonl")
	l, err := audit.Open(file, "1/2", patient, audit.Chained())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	const writers, each = 8, 300
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				if err := l.Write(entry(gateway.PolicyAllow)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var files []string
	for n := range 20 {
		name := fmt.Sprintf("%s.%02d", file, n)
		if err := os.Rename(file, name); err != nil {
			t.Fatal(err)
		}
		if err := l.Reopen(); err != nil {
			t.Fatal(err)
		}
		files = append(files, name)
	}
	wg.Wait()
	head := l.State().Head
	if r := verified(t, []string{head}, append(files, file)...); r.Chained != writers*each/2 || len(r.Chains) != 1 {
		t.Errorf("the report is %+v", r)
	}
}
