package chain_test

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/app/audit/chain"
	"pgregory.net/rapid"
)

// writer makes chained lines, as the decision log does.
type writer struct {
	link chain.Link
	text []byte
}

func (w *writer) write(text string) {
	w.link.Seq++
	begin := len(w.text)
	w.text = chain.Append(w.text, []byte(text), &w.link)
	w.link = chain.Link{Point: w.link.Point, Prev: chain.HashOf(w.text[begin : len(w.text)-1])}
}

func decision(n int) string {
	return fmt.Sprintf("{\"time\":\"2026-11-21T12:00:00Z\",\"id\":\"%032x\",\"allow\":true,\"reason\":\"policy_allow\",\"object\":\"a,\\\"seq\\\":1\",\"duration_us\":42}\n", n)
}

// log writes a log of n lines.
func log(id byte, n int) *writer {
	w := &writer{link: chain.Link{Point: chain.Point{Chain: chain.ID{id}}}}
	for i := range n {
		w.write(decision(i))
	}
	return w
}

func (w *writer) lines() []string {
	return strings.SplitAfter(strings.TrimSuffix(string(w.text), "\n"), "\n")
}

func verify(t interface{ Fatal(args ...any) }, o chain.Options, files ...string) *chain.Report {
	v := chain.New(o)
	for i, text := range files {
		if err := v.File(fmt.Sprintf("log%d", i), strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	return v.Report()
}

// found lists the findings as "kind@file:line".
func found(r *chain.Report) []string {
	list := []string{}
	for _, f := range r.Findings {
		at := string(f.Kind)
		if f.File != "" {
			at += fmt.Sprintf("@%s:%d", f.File, f.Line)
		}
		list = append(list, at)
	}
	return list
}

func expect(t *testing.T, name string, r *chain.Report, want ...string) {
	t.Helper()
	if got := found(r); !slices.Equal(got, want) && len(got)+len(want) > 0 {
		t.Errorf("%s: found %q, want %q: %+v", name, got, want, r.Findings)
	}
	if r.Whole != (len(want) == 0) {
		t.Errorf("%s: whole is %v", name, r.Whole)
	}
}

func TestAnUnchangedLogIsWhole(t *testing.T) {
	w := log(1, 5)
	r := verify(t, chain.Options{Heads: []chain.Hash{w.link.Prev}, Lines: []chain.Hash{w.link.Prev}}, string(w.text))
	expect(t, "whole", r)
	want := chain.Summary{Chain: "0100000000000000", First: 1, Last: 5, Lines: 5, Head: w.link.Prev.String()}
	if r.Lines != 5 || r.Chained != 5 || len(r.Chains) != 1 || r.Chains[0] != want {
		t.Errorf("the report is %+v", r)
	}
	expect(t, "empty", verify(t, chain.Options{}, ""))
	expect(t, "nothing", verify(t, chain.Options{}))
}

func TestEachChangeIsFoundAtItsPlace(t *testing.T) {
	w := log(1, 6)
	at := func(i ...int) string {
		var b strings.Builder
		l := slices.Clone(w.lines())
		l[5] += "\n"
		for _, n := range i {
			b.WriteString(l[n-1])
		}
		return b.String()
	}
	all := at(1, 2, 3, 4, 5, 6)
	replace := func(line int, old, with string) string {
		l := strings.SplitAfter(all, "\n")
		if !strings.Contains(l[line-1], old) {
			t.Fatalf("line %d has no %s", line, old)
		}
		l[line-1] = strings.Replace(l[line-1], old, with, 1)
		return strings.Join(l, "")
	}
	head := chain.Options{Heads: []chain.Hash{w.link.Prev}}
	for _, c := range []struct {
		name, text string
		o          chain.Options
		want       []string
	}{
		{"a changed answer", replace(3, `"allow":true`, `"allow":!!!!`), head, []string{"changed@log0:3"}},
		{"a changed first line", replace(1, "policy_allow", "policy_deny!"), head, []string{"changed@log0:1"}},
		{"a changed last line", replace(6, "policy_allow", "policy_deny!"), head, []string{"anchor"}},
		{"a changed sequence", replace(3, `"seq":3`, `"seq":9`), head, []string{"missing@log0:3", "order@log0:4", "order@log0:5", "order@log0:6", "anchor"}},
		{"a changed chain", replace(3, `"chain":"01`, `"chain":"02`), head, []string{"missing@log0:3", "missing@log0:4"}},
		{"a line that is no line any more", replace(3, `"chain"`, `"chaim"`), head, []string{"unchained@log0:3"}},
		{"a line that is no object any more", replace(3, `{"time"`, `x"time"`), head, []string{"changed@log0:3"}},
		{"a line cut short", strings.Replace(all, w.lines()[2], w.lines()[2][:40]+"\n", 1), head, []string{"changed@log0:3"}},
		{"a missing first line", at(2, 3, 4, 5, 6), head, []string{"missing@log0:1"}},
		{"a missing line", at(1, 2, 4, 5, 6), head, []string{"missing@log0:3"}},
		{"three missing lines", at(1, 5, 6), head, []string{"missing@log0:2"}},
		{"a missing last line", at(1, 2, 3, 4, 5), head, []string{"anchor"}},
		{"a missing last line, of which nobody knows", at(1, 2, 3, 4, 5), chain.Options{}, nil},
		{"a head of the past", at(1, 2, 3, 4, 5, 6), chain.Options{Lines: []chain.Hash{chain.HashOf([]byte(strings.TrimSuffix(at(4), "\n")))}}, nil},
		{"a log shorter than in the past", at(1, 2, 3), chain.Options{Lines: []chain.Hash{chain.HashOf([]byte(strings.TrimSuffix(at(4), "\n")))}}, []string{"anchor"}},
		{"everything removed", "", head, []string{"anchor"}},
		{"two lines swapped", at(1, 3, 2, 4, 5, 6), head, []string{"missing@log0:2", "order@log0:3"}},
		{"the last two swapped", at(1, 2, 3, 4, 6, 5), head, []string{"missing@log0:5", "order@log0:6"}},
		{"a line moved to the end", at(1, 3, 4, 5, 6, 2), head, []string{"missing@log0:2", "order@log0:6"}},
		{"a line twice", at(1, 2, 3, 3, 4, 5, 6), head, []string{"duplicate@log0:4"}},
		{"the first line twice", at(1, 1, 2, 3, 4, 5, 6), head, []string{"duplicate@log0:2"}},
		{"the last line twice", at(1, 2, 3, 4, 5, 6, 6), head, []string{"duplicate@log0:7"}},
		{"an old line again", at(1, 2, 3, 4, 2, 5, 6), head, []string{"order@log0:5"}},
		{"a line added", strings.Replace(all, w.lines()[3], decision(7)+w.lines()[3], 1), head, []string{"unchained@log0:4"}},
		{"a line added in front", decision(7) + all, head, []string{"unchained@log0:1"}},
		{"a blank line added", strings.Replace(all, w.lines()[3], "\n"+w.lines()[3], 1), head, []string{"changed@log0:4"}},
		{"the newline at the end removed", strings.TrimSuffix(all, "\n"), head, []string{"torn@log0:6", "anchor"}},
		{"the last line cut short", all[:len(all)-30], head, []string{"torn@log0:6", "anchor"}},
		{"the last line cut short, of which nobody knows", all[:len(all)-30], chain.Options{}, []string{"torn@log0:6"}},
		{"the last line being written", all[:len(all)-30], chain.Options{TornEnd: true}, nil},
		{"another system's ends of lines", strings.ReplaceAll(all, "\n", "\r\n"), head, []string{"unchained@log0:1", "anchor"}},
	} {
		expect(t, c.name, verify(t, c.o, c.text), c.want...)
	}
}

// Any single change of a log is found if the head is known. A change before the end of the log is found
// without the head.
func TestNoSingleChangeGoesUnnoticed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := log(1, rapid.IntRange(2, 8).Draw(t, "lines"))
		lines := w.lines()
		lines[len(lines)-1] += "\n"
		i := rapid.IntRange(0, len(lines)-1).Draw(t, "line")
		j := rapid.IntRange(0, len(lines)-1).Draw(t, "other line")
		changed := slices.Clone(lines)
		inner := true // the change can be found without the head
		switch what := rapid.SampledFrom([]string{"flip", "remove", "swap", "duplicate", "cut", "insert"}).Draw(t, "change"); what {
		case "flip":
			b := []byte(changed[i])
			b[rapid.IntRange(0, len(b)-1).Draw(t, "byte")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
			changed[i] = string(b)
			inner = i < len(lines)-1
		case "remove":
			changed = slices.Delete(changed, i, i+1)
			inner = i < len(lines)-1
		case "swap":
			if i == j {
				return
			}
			changed[i], changed[j] = changed[j], changed[i]
		case "duplicate":
			changed = slices.Insert(changed, j, lines[i])
		case "cut":
			changed[i] = changed[i][:rapid.IntRange(1, len(changed[i])-1).Draw(t, "length")]
		case "insert":
			changed = slices.Insert(changed, i, rapid.SampledFrom([]string{"\n", "{}\n", "x\n", decision(9), "{\n"}).Draw(t, "inserted"))
		}
		text := strings.Join(changed, "")
		if text == string(w.text) {
			return
		}
		if r := verify(t, chain.Options{Heads: []chain.Hash{w.link.Prev}}, text); r.Whole {
			t.Fatalf("not found by who knows the head: %q", text)
		}
		if r := verify(t, chain.Options{}, text); inner && r.Whole {
			t.Fatalf("not found: %q", text)
		}
	})
}

func TestRotatedFilesAreOneLog(t *testing.T) {
	w := log(1, 3)
	old := string(w.text)
	w.text, w.link.Opens = nil, true
	w.write(decision(3))
	w.write(decision(4))
	young := string(w.text)
	expect(t, "both", verify(t, chain.Options{}, old, young))
	expect(t, "both in one", verify(t, chain.Options{}, old+young))
	r := verify(t, chain.Options{}, young)
	expect(t, "the young one alone", r)
	if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "sequence 3") {
		t.Errorf("the earlier file goes unmentioned: %q", r.Notes)
	}
	expect(t, "the old one cut short", verify(t, chain.Options{}, old[:strings.LastIndex(strings.TrimSuffix(old, "\n"), "\n")+1], young), "missing@log1:1")
	expect(t, "the young one without its first line", verify(t, chain.Options{}, young[strings.Index(young, "\n")+1:]), "missing@log0:1")
	if r := verify(t, chain.Options{}, young, old); r.Whole || !strings.Contains(r.Findings[0].Message, "oldest first") {
		t.Errorf("in the wrong order: %+v", r.Findings)
	}
}

func TestTwoReplicasAreTwoChains(t *testing.T) {
	a, b := log(1, 4).lines(), log(2, 4).lines()
	text := a[0] + b[0] + a[1] + a[2] + b[1] + b[2] + a[3] + "\n" + b[3] + "\n"
	r := verify(t, chain.Options{}, text)
	expect(t, "merged", r)
	if len(r.Chains) != 2 || r.Chains[0].Last != 4 || r.Chains[1].Last != 4 {
		t.Errorf("the chains are %+v", r.Chains)
	}
	expect(t, "one of the second's missing", verify(t, chain.Options{}, strings.Replace(text, b[1], "", 1)), "missing@log0:5")
}

func TestARestartIsLinkedToTheFilesLastLine(t *testing.T) {
	a := log(1, 3)
	b := &writer{text: a.text, link: chain.Link{Point: chain.Point{Chain: chain.ID{2}}, Prev: a.link.Prev, After: a.link.Point}}
	b.write(decision(8))
	b.write(decision(9))
	text := string(b.text)
	expect(t, "restarted", verify(t, chain.Options{}, text))
	lines := strings.SplitAfter(text, "\n")
	expect(t, "the first run's last line gone", verify(t, chain.Options{}, strings.Replace(text, lines[2], "", 1)), "missing@log0:3")
	expect(t, "the first run's last line changed", verify(t, chain.Options{}, strings.Replace(text, lines[2], strings.Replace(lines[2], "true", "TRUE", 1), 1)), "changed@log0:3")
	expect(t, "the first run gone", verify(t, chain.Options{}, lines[3]+lines[4]), "missing@log0:1")
	longer := log(1, 4)
	expect(t, "the first run made longer", verify(t, chain.Options{}, string(longer.text)+lines[3]+lines[4]), "order@log0:5")
}

func TestLinesCutShortByACrashAreNotTampering(t *testing.T) {
	a := log(1, 3)
	part := `{"time":"2026-11-21T12:00:01Z","id":"0000`
	b := &writer{text: append(slices.Clone(a.text), part+"\n"...)}
	b.link = chain.Link{Point: chain.Point{Chain: chain.ID{2}}, Prev: a.link.Prev, After: a.link.Point, Torn: chain.HashOf([]byte(part))}
	b.write(decision(8))
	b.write(decision(9))
	text := string(b.text)
	r := verify(t, chain.Options{}, text)
	expect(t, "restarted after a crash", r)
	if r.Torn != 1 {
		t.Errorf("%d lines were cut short, want 1", r.Torn)
	}
	expect(t, "the part changed", verify(t, chain.Options{}, strings.Replace(text, part, part+"1", 1)), "changed@log0:4")
	expect(t, "the part gone", verify(t, chain.Options{}, strings.Replace(text, part+"\n", "", 1)), "missing@log0:4")
	expect(t, "a part more", verify(t, chain.Options{}, strings.Replace(text, part+"\n", part+"\nx\n", 1)), "changed@log0:4")
	expect(t, "before the restart", verify(t, chain.Options{}, string(a.text)+part), "torn@log0:4")
}

func TestUnchainedLinesBeforeAChain(t *testing.T) {
	plain := decision(1) + decision(2)
	w := &writer{link: chain.Link{Prev: chain.HashOf([]byte(strings.TrimSuffix(decision(2), "\n")))}}
	w.write(decision(3))
	w.write(decision(4))
	r := verify(t, chain.Options{}, plain+string(w.text))
	expect(t, "switched on", r)
	if r.Unchained != 2 || len(r.Notes) != 1 {
		t.Errorf("the report is %+v", r)
	}
	expect(t, "another line in front of the chain", verify(t, chain.Options{}, plain+decision(5)+string(w.text)), "changed@log0:3")
	expect(t, "no line in front of the chain", verify(t, chain.Options{}, string(w.text)), "missing@log0:1")
	expect(t, "switched off", verify(t, chain.Options{}, plain+string(w.text)+decision(5)), "unchained@log0:5")
}

func TestLostLinesAreCounted(t *testing.T) {
	w := log(1, 2)
	w.write("{\"time\":\"2026-11-21T12:00:00Z\",\"event\":\"lost\",\"lost\":7,\"cause\":\"a full disk\"}\n")
	w.write(decision(3))
	r := verify(t, chain.Options{}, string(w.text))
	expect(t, "with lost lines", r)
	if r.Lost != 7 {
		t.Errorf("%d lines are lost, want 7", r.Lost)
	}
	for range 2 {
		w.write("{\"time\":\"2026-11-21T12:00:00Z\",\"event\":\"lost\",\"lost\":18446744073709551615,\"cause\":\"a full disk\"}\n")
	}
	if r := verify(t, chain.Options{}, string(w.text)); r.Lost != math.MaxUint64 {
		t.Errorf("%d lines are lost, want the largest number", r.Lost)
	}
}

func TestAVeryLongLineIsRefused(t *testing.T) {
	v := chain.New(chain.Options{})
	if err := v.File("zero", bytes.NewReader(make([]byte, 65<<20))); err == nil || !strings.Contains(err.Error(), "not a decision log") {
		t.Errorf("the error is %v", err)
	}
}

func TestHashesHaveOneForm(t *testing.T) {
	h := chain.HashOf([]byte("x"))
	if back, err := chain.ParseHash(h.String()); err != nil || back != h {
		t.Errorf("%s is read as %s, %v", h, back, err)
	}
	for _, text := range []string{"", "ab", strings.ToUpper(h.String()), h.String() + "0", strings.Repeat("x", 64)} {
		if _, err := chain.ParseHash(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(log(1, 3).text)
	f.Add([]byte("{}\n\n{"))
	f.Fuzz(func(t *testing.T, text []byte) {
		v := chain.New(chain.Options{})
		if err := v.File("log", bytes.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		r := v.Report()
		if r.Chained+r.Unchained > r.Lines {
			t.Errorf("the report is %+v", r)
		}
		for line := range bytes.Lines(text) {
			line, ok := bytes.CutSuffix(line, []byte("\n"))
			if !ok {
				continue
			}
			if l, ok := chain.Parse(line); ok && l.Seq == 0 {
				t.Errorf("%q has no number", line)
			}
		}
	})
}
