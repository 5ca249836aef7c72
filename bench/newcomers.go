package main

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/claimgate/claimgate/app/demo/issuer"
)

const (
	herdSize  = 10_000 // sessions that come back after a restart
	herdConns = 1000   // connections that they come on
	newRate   = 2000   // new good tokens a second beside a warm client
)

// newcomers measures sessions whose tokens claimgate does not know yet: all of them at once after a restart, then again
// after the mapping was loaded anew, and a steady stream of them beside a warm client.
func newcomers(ctx context.Context, w *world, r *results) error {
	size := herdSize
	if w.quick {
		size = 500
	}
	iss, private, err := startIssuerWith(ctx, 4096, privateKey)
	if err != nil {
		return err
	}
	defer func() { _ = iss.Close() }()
	tokens, bodies, err := sessions(iss, size)
	if err != nil {
		return err
	}
	var ratios, first, second []float64
	for range w.rounds(3) {
		bare, err := checkAll(&private.PublicKey, tokens)
		if err != nil {
			return err
		}
		took, again, err := w.herd(ctx, iss.URL(), bodies)
		if err != nil {
			return err
		}
		ratios = append(ratios, took.Seconds()/bare.Seconds())
		first, second = append(first, took.Seconds()), append(second, again.Seconds())
	}
	r.record("herd", median(ratios))
	r.fact("%d sessions at once after a restart, on %d connections, are all allowed after %.1f s, and after a new mapping in %.1f s.", size, herdConns, median(first), median(second))
	return w.stream(ctx, iss.URL(), bodies, r)
}

// sessions returns tokens of so many sessions, and a question with each.
func sessions(iss *issuer.Server, size int) (tokens []string, bodies [][]byte, err error) {
	user, _ := iss.User("alice")
	tokens, bodies = make([]string, size), make([][]byte, size)
	failed := make([]error, runtime.NumCPU())
	var signing sync.WaitGroup
	for c := range failed {
		signing.Go(func() {
			claims := iss.IDClaims(user)
			for n := c; n < size && failed[c] == nil; n += len(failed) {
				evidence := iss.EvidenceClaims(user)
				evidence["jti"] = fmt.Sprint("session ", n)
				tokens[n] = iss.Token(evidence)
				claims["authentik_token"] = tokens[n]
				bodies[n], failed[c] = question(claims, n)
			}
		})
	}
	signing.Wait()
	return tokens, bodies, errors.Join(failed...)
}

// checkAll returns how long all processors take to check the signatures, and nothing else.
func checkAll(key *rsa.PublicKey, tokens []string) (time.Duration, error) {
	began := time.Now()
	failed := make([]error, runtime.NumCPU())
	var running sync.WaitGroup
	for c := range failed {
		running.Go(func() {
			for n := c; n < len(tokens) && failed[c] == nil; n += len(failed) {
				failed[c] = check(key, tokens[n])
			}
		})
	}
	running.Wait()
	return time.Since(began), errors.Join(failed...)
}

// herd starts claimgate and asks all questions at once. It returns how long the answers took, and how long they took
// once more after the mapping was loaded anew. It fails if an answer is a deny, such as one for the reason overloaded.
func (w *world) herd(ctx context.Context, issuerURL string, bodies [][]byte) (first, again time.Duration, err error) {
	p, err := w.startClaimgate(ctx, offName, issuerURL)
	if err != nil {
		return 0, 0, err
	}
	defer stop(p)
	if err := p.waitUntilAllows(ctx, bodies[0]); err != nil {
		return 0, 0, err
	}
	all := func() (time.Duration, error) {
		began := time.Now()
		err := p.askAll(ctx, herdConns, 1, len(bodies), func(n int) ([]byte, error) { return bodies[n], nil })
		return time.Since(began), err
	}
	if first, err = all(); err != nil {
		return 0, 0, err
	}
	if err := w.reload(ctx, p); err != nil {
		return 0, 0, err
	}
	again, err = all()
	return first, again, err
}

var reloadLine = regexp.MustCompile(`claimgate_mapping_reloads_total\{outcome="ok"\} (\S+)`)

// reload changes the mapping and waits until claimgate has loaded it, for some ten seconds.
func (w *world) reload(ctx context.Context, p *process) error {
	before, err := p.metric(ctx, reloadLine)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s# changed at %s\n", smallMapping, time.Now())
	if err := errors.Join(os.WriteFile(w.mapping, []byte(text), 0o600), p.cmd.Process.Signal(syscall.SIGHUP)); err != nil {
		return err
	}
	for range 1000 {
		if now, err := p.metric(ctx, reloadLine); err != nil || now > before {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("claimgate does not load the changed mapping")
}

// stream measures a warm client alone, then beside newRate questions a second with a known token, then beside as many
// with tokens that claimgate does not know.
func (w *world) stream(ctx context.Context, issuerURL string, bodies [][]byte, r *results) error {
	p, err := w.startClaimgate(ctx, offName, issuerURL)
	if err != nil {
		return err
	}
	defer stop(p)
	first := bodies[0]
	if err := p.waitUntilAllows(ctx, first); err != nil {
		return err
	}
	at, err := url.Parse(p.url)
	if err != nil {
		return err
	}
	length := time.Duration(max(len(bodies)-newRate/2, newRate/10)) * time.Second / newRate // the flood begins before and ends after it
	warm := newClient(at.Host, p.url, 8)
	var quiet, known, beside []float64
	if quiet, err = sendSteadily(ctx, warm, first, length); err != nil {
		return err
	}
	if _, _, err = flooding(ctx, knownFlood, p.url, newRate, [][]byte{first}, func() (err error) {
		known, err = sendSteadily(ctx, warm, first, length)
		return err
	}); err != nil {
		return err
	}
	report, took, err := flooding(ctx, newFlood, p.url, newRate, bodies[1:], func() (err error) {
		beside, err = sendSteadily(ctx, warm, first, length)
		return err
	})
	if err != nil {
		return err
	}
	if report.Allowed != report.Sent {
		return fmt.Errorf("%d of %d new tokens were allowed, %d had no answer", report.Allowed, report.Sent, report.Failed)
	}
	r.record("stream", percentile(beside, 0.99)/percentile(known, 0.99))
	r.fact("Beside %.0f new RSA-4096 tokens/s, all allowed, the warm p50 was %.0f µs and the p99 %.0f µs; beside as many known tokens %.0f and %.0f; alone %.0f and %.0f.",
		float64(report.Sent)/took.Seconds(), percentile(beside, 0.5), percentile(beside, 0.99), percentile(known, 0.5), percentile(known, 0.99), percentile(quiet, 0.5), percentile(quiet, 0.99))
	return nil
}
