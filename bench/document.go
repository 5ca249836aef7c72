package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

//go:embed performance.md
var page string

// document writes docs/performance.md and its plots: the template performance.md,
// filled with the results.
func (r *results) document(project string) error {
	var table, plots bytes.Buffer
	fmt.Fprintln(&table, "| what | goal | result of each run | |\n|---|---|---|---|")
	for _, row := range r.rows {
		result, verdict := row.cells()
		fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", row.what, row.goal, result, verdict)
	}
	var errs []error
	for _, p := range r.plots {
		file := filepath.Join("images", "perf-"+strings.ToLower(p.name)+".svg")
		fmt.Fprintf(&plots, "![%s](%s)\n\n", p.title, filepath.ToSlash(file))
		errs = append(errs, os.WriteFile(filepath.Join(project, "docs", file), p.svg(), 0o644))
	}
	for _, f := range r.facts {
		fmt.Fprintf(&plots, "- %s\n", f)
	}
	text := strings.NewReplacer(
		"{{table}}", strings.TrimSpace(table.String()), "{{plots}}", strings.TrimSpace(plots.String()),
		"{{missed}}", r.missed(), "{{when}}", time.Now().UTC().Format(time.DateOnly), "{{machine}}", machine(),
	).Replace(page)
	errs = append(errs, os.WriteFile(filepath.Join(project, "docs", "performance.md"), []byte(text), 0o644))
	return errors.Join(errs...)
}

// machine describes this machine: processors, load, Go version.
func machine() string {
	model := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if name, found := strings.CutPrefix(line, "model name"); found {
				model = strings.TrimSpace(strings.TrimLeft(name, "\t :"))
				break
			}
		}
	}
	load := ""
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = ", load " + strings.Fields(string(text))[1]
	}
	return fmt.Sprintf("%d processors (%s)%s, %s", runtime.NumCPU(), model, load, runtime.Version())
}
