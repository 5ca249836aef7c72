package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// results are the rows with the values of all runs, and the plots of the last run.
type results struct {
	rows  []*row
	plots []*plot
	facts []string // lines about how it was measured
}

func newResults() *results { return &results{rows: goals()} }

// record adds a run's value to a row. It panics if no row has the id.
func (r *results) record(id string, value float64) {
	for _, row := range r.rows {
		if row.id == id {
			row.values = append(row.values, value)
			return
		}
	}
	panic("no row is called " + id)
}

// draw keeps a plot. It replaces the plot of the same name of an earlier run.
func (r *results) draw(p *plot) {
	for i := range r.plots {
		if r.plots[i].name == p.name {
			r.plots[i] = p
			return
		}
	}
	r.plots = append(r.plots, p)
}

// fact keeps a line about the measurement, unless the same line is there already.
func (r *results) fact(format string, args ...any) {
	if line := fmt.Sprintf(format, args...); !slices.Contains(r.facts, line) {
		r.facts = append(r.facts, line)
	}
}

func (r *row) cells() (result, verdict string) {
	var each []string
	for _, v := range r.values {
		each = append(each, fmt.Sprintf(r.format, v))
	}
	verdict = "missed"
	switch {
	case len(each) == 0:
		return "not measured", "–"
	case r.met():
		verdict = "met"
	}
	return strings.Join(each, ", "), verdict
}

func (r *results) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "WHAT\tGOAL\tRESULT\t")
	for _, row := range r.rows {
		result, verdict := row.cells()
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", row.what, row.goal, result, verdict)
	}
	_ = w.Flush()
	for _, p := range r.plots {
		fmt.Fprintf(out, "\n%s\n", p.title)
		p.print(out)
	}
	fmt.Fprintf(out, "\n%s\n", strings.Join(r.facts, "\n"))
}

func median[T ~int64 | ~float64](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func percentile[T ~int64 | ~float64](values []T, p float64) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(p*float64(len(sorted))), len(sorted)-1)]
}

// byName holds the values of each server over the rounds.
type byName map[string][]float64

func (b byName) medians() map[string]float64 {
	m := make(map[string]float64, len(b))
	for name := range maps.Keys(b) {
		m[name] = median(b[name])
	}
	return m
}
