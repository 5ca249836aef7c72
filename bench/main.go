// Command bench compares claimgate with a bare Fiber that reads the same body
// and answers, in interleaved rounds of one run on one machine. What it prints
// are ratios: absolute figures of a shared machine mean little.
//
// The load comes from wrk, another process. The question is that of a MinIO
// session with an RSA-4096 token (Authentik's default) inside its claims, about
// 3.4 KB. Everything is on the loopback interface and bounded in time.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

type settings struct {
	rounds, seconds, connections int
	markdown                     bool
	project                      string
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "bare" {
		bare(os.Args[2])
		return
	}
	var s settings
	flag.IntVar(&s.rounds, "rounds", 5, "rounds; each asks every server once, and medians are compared")
	flag.IntVar(&s.seconds, "seconds", 3, "seconds of load in a round for each server")
	flag.IntVar(&s.connections, "connections", 32, "connections, as a busy MinIO would hold")
	flag.BoolVar(&s.markdown, "markdown", false, "print a Markdown table")
	flag.StringVar(&s.project, "project", "..", "the project's root, to build claimgate from")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		log.Fatal(err)
	}
}

// subject is one server under load.
type subject struct {
	name  string
	url   string
	rates []float64
	p50   []time.Duration
	p99   []time.Duration
}

func run(ctx context.Context, s settings) (err error) {
	dir, err := os.MkdirTemp("", "claimgate-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if _, err := exec.LookPath("wrk"); err != nil {
		return fmt.Errorf("%w: install Debian's package wrk", err)
	}
	w, err := newWorld(ctx, s.project, dir)
	if err != nil {
		return err
	}
	defer w.stop()
	subjects := []*subject{
		{name: "bare Fiber that reads the body", url: w.bare},
		{name: "claimgate, audit off", url: w.quiet},
		{name: "claimgate, every decision to a file", url: w.audited},
	}
	script := filepath.Join(dir, "body.lua")
	if err := writeScript(script, w.body); err != nil {
		return err
	}
	for _, sub := range subjects { // warm caches, connections and the CPU's clock
		if _, err := load(ctx, script, sub.url, s.connections, 1); err != nil {
			return err
		}
	}
	for range s.rounds {
		for _, sub := range subjects {
			r, err := load(ctx, script, sub.url, s.connections, s.seconds)
			if err != nil {
				return err
			}
			if r.failed > 0 {
				return fmt.Errorf("%s: %d answers were not 200: the comparison is void", sub.name, r.failed)
			}
			sub.rates = append(sub.rates, r.rate)
			sub.p50 = append(sub.p50, r.p50)
			sub.p99 = append(sub.p99, r.p99)
		}
	}
	report(os.Stdout, s, len(w.body), subjects)
	return nil
}

func median[T ~int64 | ~float64](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
