// Command bench compares claimgate with a bare Fiber that only reads the body and
// answers, and with Open Policy Agent, and measures it under a real MinIO. With
// -write it writes docs/performance.md and its plots.
//
// The servers get load in turn, round by round, in one run on one machine. The
// results are ratios of medians: absolute figures of a shared machine mean little.
// The load comes from wrk, a separate process. If the rate or the token must vary,
// it comes from this process. All servers listen on the loopback interface, and
// the load is limited in number and time.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

type settings struct {
	runs     int
	quick    bool
	only     string
	project  string
	write    bool
	capacity bool
	count    bool
	minRatio float64
}

// seconds is how long a server gets load in a round.
func (s *settings) seconds() int {
	if s.quick {
		return 1
	}
	return 2
}

// rounds is how often every server gets load: full times, or once with -quick.
func (s *settings) rounds(full int) int {
	if s.quick {
		return 1
	}
	return full
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "bare" {
		bare(os.Args[2])
		return
	}
	if len(os.Args) > 1 && os.Args[1] == "flood" {
		if err := floodFrom(os.Stdin, os.Stdout, os.Args[2], os.Args[3], os.Args[4]); err != nil {
			log.Fatal(err)
		}
		return
	}
	var s settings
	flag.IntVar(&s.runs, "runs", 1, "how often everything is measured; a row is met if every run meets it")
	flag.BoolVar(&s.quick, "quick", false, "one short round of each part, to see that the bench works")
	flag.StringVar(&s.only, "only", "", "parts to measure, separated by commas: "+strings.Join(partNames(), ", "))
	flag.StringVar(&s.project, "project", "..", "the project's root")
	flag.BoolVar(&s.write, "write", false, "write docs/performance.md and its plots")
	flag.BoolVar(&s.capacity, "capacity", false, "measure only the figures of docs/capacity.md; print the page, or write it with -write; needs root, haproxy and redis-server")
	flag.BoolVar(&s.count, "instructions", false, "count only the instructions of a request with callgrind, and print the table of docs/performance.md; needs valgrind")
	flag.Float64Var(&s.minRatio, "at-least", 0, "measure only the requests/s of claimgate with its log off, and fail if they are less than this many times a bare Fiber's")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, &s); err != nil {
		log.Fatal(err)
	}
}

// A part measures some of the rows of goals.
type part struct {
	name    string
	measure func(ctx context.Context, w *world, r *results) error
}

func parts() []part {
	return []part{
		{"throughput", throughput},
		{"objects", objects},
		{"latency", latency},
		{"decide", decide},
		{"cold", cold},
		{"together", together},
		{"scale", scale},
		{"newcomers", newcomers},
		{"flood", flood},
		{"memory", memory},
		{"start", startUp},
		{"minio", realMinIO},
	}
}

func partNames() []string {
	var names []string
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return names
}

func run(ctx context.Context, s *settings) error {
	dir, err := os.MkdirTemp("", "claimgate-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	w, err := newWorld(ctx, s, dir)
	if err != nil {
		return err
	}
	if s.minRatio > 0 {
		return atLeast(ctx, w)
	}
	if s.capacity {
		return capacity(ctx, w)
	}
	if s.count {
		return instructions(ctx, w, os.Stdout)
	}
	r := newResults()
	for n := range s.runs {
		for _, p := range parts() {
			if s.only != "" && !strings.Contains(","+s.only+",", ","+p.name+",") {
				continue
			}
			begun := time.Now()
			if err := p.measure(ctx, w, r); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			fmt.Fprintf(os.Stderr, "run %d of %d: %s in %s\n", n+1, s.runs, p.name, time.Since(begun).Round(time.Second))
		}
	}
	r.print(os.Stdout)
	if s.write {
		return r.document(s.project)
	}
	return nil
}
