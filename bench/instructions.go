package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// instructions counts the instructions of a request with callgrind, and prints where they are spent. Callgrind counts
// what the process itself executes, and its calls of the kernel. The counts hardly depend on how busy the machine is.
func instructions(ctx context.Context, w *world, out io.Writer) error {
	if _, err := exec.LookPath("callgrind_control"); err != nil {
		return fmt.Errorf("%w: install Debian's package valgrind", err)
	}
	iss, bodies, err := startIssuerWith(ctx, 4096, questionsOf)
	if err != nil {
		return err
	}
	defer func() { _ = iss.Close() }()
	same := func(n int) ([]byte, error) { return bodies[n%len(bodies)], nil }
	before, after, err := aroundObject(bodies[0])
	if err != nil {
		return err
	}
	other := func(n int) ([]byte, error) { return fmt.Appendf(nil, "%sdata/%012d%s", before, n, after), nil }
	if err := buildWithSymbols(ctx, w); err != nil {
		return err
	}
	file := "CLAIMGATE_AUDIT_OUTPUT=" + filepath.Join(w.dir, "instructions.jsonl")
	claimgate := func(set ...string) func() (*process, error) {
		return func() (*process, error) { return w.startClaimgate(ctx, "claimgate", iss.URL(), set...) }
	}
	var columns []*account
	for _, c := range []struct {
		name  string
		start func() (*process, error)
		body  func(int) ([]byte, error)
	}{
		{"bare Fiber", func() (*process, error) { return w.startBare(ctx) }, other},
		{"one of 64 questions", claimgate(), same},
		{"a new object", claimgate(), other},
		{"a new object, log to a file", claimgate(file), other},
	} {
		a, err := w.countOf(ctx, c.start, c.body)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		a.name, columns = c.name, append(columns, a)
	}
	printAccounts(out, columns)
	for _, a := range columns[2:] {
		fmt.Fprintf(out, "\nMost instructions: %s\n", a.name)
		functions := slices.SortedFunc(maps.Keys(a.most), func(f, g string) int { return cmp.Compare(a.most[g], a.most[f]) })
		for _, f := range functions[:min(40, len(functions))] {
			fmt.Fprintf(out, "%7.0f  %s\n", a.most[f], f)
		}
	}
	return nil
}

// buildWithSymbols builds claimgate and this program with the names of functions, and wraps them in callgrind.
// Callgrind needs a program without cgo and without the signals of Go's scheduler, and does not know RDTSCP.
func buildWithSymbols(ctx context.Context, w *world) error {
	w.wrap = []string{
		"env", "GODEBUG=asyncpreemptoff=1,cpu.rdtscp=off", "valgrind", "--tool=callgrind", "--quiet", "--separate-callers=6", "--collect-systime=yes",
		"--callgrind-out-file=" + filepath.Join(w.dir, "callgrind.%p"),
	}
	w.bare, w.claimgate = filepath.Join(w.dir, "bare"), filepath.Join(w.dir, "claimgate-symbols")
	for dir, name := range map[string]string{filepath.Join(w.project, "bench"): w.bare, filepath.Join(w.project, "app"): w.claimgate} {
		build := exec.CommandContext(ctx, "go", "build", "-o", name, ".")
		build.Dir, build.Env = dir, append(os.Environ(), "CGO_ENABLED=0")
		if text, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("go build: %w\n%s", err, text)
		}
	}
	return nil
}

// account is what the requests of one kind cost on average.
type account struct {
	name  string
	total float64
	calls float64            // of the kernel, for files, sockets and waiting; only callgrind needs a call to read the clock
	spent map[string]float64 // by stage
	most  map[string]float64 // by function
}

// countOf starts a server under callgrind, warms it up, and counts what the next requests cost.
func (w *world) countOf(ctx context.Context, start func() (*process, error), body func(int) ([]byte, error)) (*account, error) {
	warm, count := 2000, 8000
	if w.quick {
		warm, count = 100, 200
	}
	p, err := startCounted(ctx, start, body)
	if err != nil {
		return nil, err
	}
	defer stop(p)
	pid := strconv.Itoa(p.cmd.Process.Pid)
	for _, do := range []func() error{
		func() error { return p.askAll(ctx, 8, 0, warm, body) },
		func() error { return exec.CommandContext(ctx, "callgrind_control", "--zero", pid).Run() },
		func() error { return p.askAll(ctx, 8, warm, warm+count, body) },
		func() error { return exec.CommandContext(ctx, "callgrind_control", "--dump", pid).Run() },
	} {
		if err := do(); err != nil {
			return nil, err
		}
	}
	text, err := os.ReadFile(filepath.Join(w.dir, "callgrind."+pid+".1"))
	if err != nil {
		return nil, err
	}
	return readAccount(string(text), float64(count))
}

// startCounted starts a server under callgrind and waits until it answers. Some starts hang there, so startCounted tries
// a few times.
func startCounted(ctx context.Context, start func() (*process, error), body func(int) ([]byte, error)) (*process, error) {
	first, err := body(0)
	if err != nil {
		return nil, err
	}
	var last error
	for range 5 {
		p, err := start()
		if err != nil {
			return nil, err
		}
		for range 2 { // a start under callgrind takes longer
			if last = p.waitUntilAllows(ctx, first); last == nil {
				return p, nil
			}
		}
		stop(p)
	}
	return nil, last
}

// readAccount reads a file of callgrind (its format is in the manual of valgrind). A line with counts belongs to the
// function of the line fn= before, except the line after calls=, which counts what a called function spent.
func readAccount(text string, requests float64) (*account, error) {
	a := &account{spent: map[string]float64{}, most: map[string]float64{}}
	names := map[string]string{} // by the number that stands for a name after its first use
	var function string
	called := false
	for line := range strings.Lines(text) {
		key, value, isHeader := strings.Cut(strings.TrimSpace(line), "=")
		switch {
		case isHeader && (key == "fn" || key == "cfn"):
			number, name, _ := strings.Cut(value, " ")
			if name != "" {
				names[number] = name
			}
			if key == "fn" {
				function = names[number]
			}
		case key == "calls":
			called = true
		case !isHeader && key != "" && strings.ContainsRune("0123456789+-*", rune(key[0])):
			if called {
				called = false
				continue
			}
			counts := strings.Fields(key) // the line of the source, the instructions, the calls of the kernel
			for i, count := range counts[1:] {
				n, err := strconv.ParseFloat(count, 64)
				if err != nil {
					return nil, fmt.Errorf("callgrind wrote the line %q: %w", line, err)
				}
				switch {
				case i == 0:
					a.spent[stageOf(function)] += n / requests
					name, _, _ := strings.Cut(function, "'")
					a.most[name] += n / requests
					a.total += n / requests
				case i == 1 && (strings.HasPrefix(function, "internal/runtime/syscall") || strings.HasPrefix(function, "runtime.futex")):
					a.calls += n / requests
				}
			}
		}
	}
	if a.total == 0 {
		return nil, errors.New("callgrind wrote no counts")
	}
	return a, nil
}

// stages are the parts of a request in their order, each with the packages of its functions. A function of no stage,
// such as a copy of bytes, counts for the stage of its nearest caller that has one.
var stages = []struct {
	name     string
	prefixes []string
}{
	{"connection: read, write, wait", []string{"net.", "net/", "internal/poll.", "syscall.", "internal/runtime/syscall", "bufio.", "os."}},
	{"fasthttp: headers, URI, response", []string{"github.com/valyala/fasthttp"}},
	{"Fiber: routing", []string{"github.com/gofiber/"}},
	{"claimgate: server, answer, metrics", []string{"github.com/claimgate/claimgate/app/server", "main.", "github.com/prometheus/"}},
	{"claimgate: JSON of the body", []string{"github.com/claimgate/claimgate/internal/strictjson", "encoding/json"}},
	{"claimgate: the question in it", []string{"github.com/claimgate/claimgate/app/dialect"}},
	{"claimgate: token, key set, revocation", []string{"github.com/claimgate/claimgate/verifier"}},
	{"claimgate: mapping and policies", []string{"github.com/claimgate/claimgate/mapping"}},
	{"claimgate: checks in order, caches", []string{"github.com/claimgate/claimgate/app/gateway", "github.com/claimgate/claimgate/internal", "github.com/dgraph-io"}},
	{"claimgate: decision log", []string{"github.com/claimgate/claimgate/app/audit"}},
}

const otherStage = "Go: scheduler, timers, garbage"

// stageOf returns the stage of a function. Callgrind separates a function from its callers by apostrophes.
func stageOf(function string) string {
	for name := range strings.SplitSeq(function, "'") {
		for _, s := range stages {
			if slices.ContainsFunc(s.prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
				return s.name
			}
		}
	}
	return otherStage
}

// printAccounts prints the accounts as a table of Markdown.
func printAccounts(out io.Writer, columns []*account) {
	line := func(name string, value func(*account) string) {
		fmt.Fprintf(out, "| %s |", name)
		for _, a := range columns {
			fmt.Fprintf(out, " %s |", value(a))
		}
		fmt.Fprintln(out)
	}
	line("instructions for each request", func(a *account) string { return a.name })
	fmt.Fprintf(out, "|---|%s\n", strings.Repeat("---:|", len(columns)))
	for _, s := range stages {
		line(s.name, func(a *account) string { return fmt.Sprintf("%.0f", a.spent[s.name]) })
	}
	line(otherStage, func(a *account) string { return fmt.Sprintf("%.0f", a.spent[otherStage]) })
	line("**together**", func(a *account) string { return fmt.Sprintf("**%.0f**", a.total) })
	line("compared with the bare Fiber", func(a *account) string { return fmt.Sprintf("%.2f ×", a.total/columns[0].total) })
	line("calls of the kernel", func(a *account) string { return fmt.Sprintf("%.2f", a.calls) })
}
