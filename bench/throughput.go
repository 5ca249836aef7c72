package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/claimgate/claimgate/app/demo/issuer"
)

const (
	bareName   = "bare Fiber"
	offName    = "claimgate, log off"
	fileName   = "claimgate, log to a file"
	opaName    = "OPA"
	cachedName = "OPA with its JWT cache"
)

// startCompared starts every server that is compared, and waits until each allows the
// question. The caller stops the servers.
func (w *world) startCompared(ctx context.Context, iss *issuer.Server, body []byte) (all []*process, err error) {
	defer func() {
		if err != nil {
			stop(all...)
		}
	}()
	for _, begin := range []func() (*process, error){
		func() (*process, error) { return w.startBare(ctx) },
		func() (*process, error) { return w.startClaimgate(ctx, offName, iss.URL()) },
		func() (*process, error) {
			return w.startClaimgate(ctx, fileName, iss.URL(), "CLAIMGATE_AUDIT_OUTPUT="+filepath.Join(w.dir, "decisions.jsonl"))
		},
		func() (*process, error) { return w.startOPA(ctx, opaName, iss, "{}") },
		func() (*process, error) { return w.startOPA(ctx, cachedName, iss, jwtCache) },
	} {
		p, err := begin()
		if err != nil {
			return all, err
		}
		all = append(all, p)
		if err := p.waitUntilAllows(ctx, body); err != nil {
			return all, err
		}
	}
	return all, nil
}

func throughput(ctx context.Context, w *world, r *results) error {
	for _, c := range []struct{ bits, rounds int }{{4096, 5}, {2048, 3}} {
		rate, err := w.throughputOf(ctx, r, c.bits, w.rounds(c.rounds))
		if err != nil {
			return err
		}
		if c.bits == 4096 {
			r.record("off/bare", rate[offName]/rate[bareName])
			r.record("off/opa", rate[offName]/rate[opaName])
			r.record("off/opa-cache", rate[offName]/rate[cachedName])
			r.record("file/bare", rate[fileName]/rate[bareName])
		}
	}
	return nil
}

func (w *world) throughputOf(ctx context.Context, r *results, bits, rounds int) (map[string]float64, error) {
	iss, bodies, err := startIssuerWith(ctx, bits, questionsOf)
	if err != nil {
		return nil, err
	}
	defer func() { _ = iss.Close() }()
	all, err := w.startCompared(ctx, iss, bodies[0])
	if err != nil {
		return nil, err
	}
	defer stop(all...)
	rate, _, _, err := interleaved(ctx, w.dir, all, bodies, 32, rounds, w.seconds())
	if err != nil {
		return nil, err
	}
	p := &plot{name: fmt.Sprintf("throughput-%d", bits), title: fmt.Sprintf("Warm requests/s, RSA-%d, 32 connections", bits), unit: "requests/s"}
	for _, s := range all {
		p.bars = append(p.bars, bar{name: s.name, value: rate[s.name]})
	}
	r.draw(p)
	r.fact("The question with an RSA-%d token: %d bytes.", bits, len(bodies[0]))
	return rate, nil
}

func latency(ctx context.Context, w *world, r *results) error {
	iss, bodies, err := startIssuerWith(ctx, 4096, questionsOf)
	if err != nil {
		return err
	}
	defer func() { _ = iss.Close() }()
	all, err := w.startCompared(ctx, iss, bodies[0])
	if err != nil {
		return err
	}
	defer stop(all...)
	_, p50, p99, err := interleaved(ctx, w.dir, all, bodies, 1, w.rounds(5), w.seconds())
	if err != nil {
		return err
	}
	r.record("p50/bare", p50[offName]/p50[bareName])
	r.record("p99/opa", p99[offName]/p99[opaName])
	half := &plot{name: "latency-p50", title: "p50 on one connection, RSA-4096", unit: "µs"}
	tail := &plot{name: "latency-p99", title: "p99 on one connection, RSA-4096", unit: "µs"}
	for _, s := range all {
		half.bars = append(half.bars, bar{name: s.name, value: p50[s.name]})
		tail.bars = append(tail.bars, bar{name: s.name, value: p99[s.name]})
	}
	r.draw(half)
	r.draw(tail)
	return nil
}

// atLeast fails if claimgate with its log off answers less than w.minRatio times as many
// requests as a bare Fiber. The best of five rounds counts, so that other programs on
// the machine do not fail the check.
func atLeast(ctx context.Context, w *world) error {
	iss, bodies, err := startIssuerWith(ctx, 4096, questionsOf)
	if err != nil {
		return err
	}
	defer func() { _ = iss.Close() }()
	bare, err := w.startBare(ctx)
	if err != nil {
		return err
	}
	defer stop(bare)
	off, err := w.startClaimgate(ctx, offName, iss.URL())
	if err != nil {
		return err
	}
	defer stop(off)
	if err := errors.Join(bare.waitUntilAllows(ctx, bodies[0]), off.waitUntilAllows(ctx, bodies[0])); err != nil {
		return err
	}
	best := 0.0
	for range 5 {
		rate, _, _, err := interleaved(ctx, w.dir, []*process{bare, off}, bodies, 32, 1, 1)
		if err != nil {
			return err
		}
		if best = max(best, rate[offName]/rate[bareName]); best >= w.minRatio {
			fmt.Printf("claimgate answers %.2f times as many requests as a bare Fiber, want at least %.2f\n", best, w.minRatio)
			return nil
		}
	}
	return fmt.Errorf("claimgate answers %.2f times as many requests as a bare Fiber, want at least %.2f", best, w.minRatio)
}
