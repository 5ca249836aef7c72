package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"text/tabwriter"
	"time"
)

type result struct {
	rate     float64
	p50, p99 time.Duration
	failed   int
}

// writeScript makes wrk send the body, and count answers that are not 200.
func writeScript(path string, body []byte) error {
	script := fmt.Sprintf("wrk.method = \"POST\"\nwrk.headers[\"Content-Type\"] = \"application/json\"\nwrk.body = [==[%s]==]\n", body)
	return os.WriteFile(path, []byte(script), 0o600)
}

var (
	rateLine   = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	p50Line    = regexp.MustCompile(`50%\s+([0-9.]+[a-z]+)`)
	p99Line    = regexp.MustCompile(`99%\s+([0-9.]+[a-z]+)`)
	failedLine = regexp.MustCompile(`Non-2xx or 3xx responses: ([0-9]+)`)
)

// load has wrk ask for so many seconds.
func load(ctx context.Context, script, url string, connections, seconds int) (result, error) {
	cmd := exec.CommandContext(ctx, "wrk", "-t1", "-c"+strconv.Itoa(connections), "-d"+strconv.Itoa(seconds)+"s", "--latency", "-s", script, url)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return result{}, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	var r result
	field := func(re *regexp.Regexp) string {
		if m := re.FindSubmatch(out); m != nil {
			return string(m[1])
		}
		return ""
	}
	if r.rate, err = strconv.ParseFloat(field(rateLine), 64); err != nil {
		return r, fmt.Errorf("wrk printed no rate:\n%s", out)
	}
	if r.p50, err = time.ParseDuration(field(p50Line)); err != nil {
		return r, err
	}
	if r.p99, err = time.ParseDuration(field(p99Line)); err != nil {
		return r, err
	}
	r.failed, _ = strconv.Atoi(field(failedLine))
	return r, nil
}

// report prints the medians, and each server's ratio to the first.
func report(out io.Writer, s settings, size int, subjects []*subject) {
	fmt.Fprintf(out, "%d rounds of %d s, %d connections, a body of %d bytes, medians:\n\n", s.rounds, s.seconds, s.connections, size)
	first := subjects[0]
	if s.markdown {
		fmt.Fprintln(out, "| server | requests/s | ratio | p50 | p99 |\n|---|---|---|---|---|")
		for _, sub := range subjects {
			fmt.Fprintf(out, "| %s | %.0f | %.2f | %s | %s |\n", sub.name, median(sub.rates), median(sub.rates)/median(first.rates), median(sub.p50), median(sub.p99))
		}
		return
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SERVER\tREQUESTS/S\tRATIO\tP50\tP99")
	for _, sub := range subjects {
		fmt.Fprintf(w, "%s\t%.0f\t%.2f\t%s\t%s\n", sub.name, median(sub.rates), median(sub.rates)/median(first.rates), median(sub.p50), median(sub.p99))
	}
	_ = w.Flush()
}
