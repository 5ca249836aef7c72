package main

import (
	"bytes"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/claimgate/claimgate/app/demo/issuer"
	"github.com/claimgate/claimgate/verifier"
)

const shadowName = "claimgate, log off, a next mapping"

// objects measures requests that are each about another object, as a real MinIO sends them. The processor time of a
// request is the server process's own, as the kernel counts it.
func objects(ctx context.Context, w *world, r *results) error {
	iss, bodies, err := startIssuerWith(ctx, 4096, questionsOf)
	if err != nil {
		return err
	}
	defer func() { _ = iss.Close() }()
	next := filepath.Join(w.dir, "next.toml")
	text := "version = 1\n[[group]]\nname = \"MinIO users\"\npolicies = [\"readonly\"]\n"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		return err
	}
	all := make([]*process, 4)
	defer func() { stop(all...) }()
	if all[0], err = w.startBare(ctx); err != nil {
		return err
	}
	for i, variables := range [][]string{nil, {"CLAIMGATE_AUDIT_OUTPUT=" + filepath.Join(w.dir, "objects.jsonl")}, {"CLAIMGATE_MAPPING_SHADOW=" + next}} {
		if all[i+1], err = w.startClaimgate(ctx, []string{offName, fileName, shadowName}[i], iss.URL(), variables...); err != nil {
			return err
		}
	}
	script := filepath.Join(w.dir, "objects.lua")
	if err := writeObjects(script, bodies[0]); err != nil {
		return err
	}
	rates, spent := byName{}, byName{}
	for _, s := range all {
		if err := s.waitUntilAllows(ctx, bodies[0]); err != nil {
			return err
		}
		if _, err := load(ctx, script, s.url, 32, 1); err != nil {
			return err
		}
	}
	for range w.rounds(5) {
		for _, s := range all {
			rate, micros, err := w.costOf(ctx, script, s.url, s)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			rates[s.name], spent[s.name] = append(rates[s.name], rate), append(spent[s.name], micros)
		}
	}
	rate, cost := rates.medians(), spent.medians()
	r.record("new/bare", rate[offName]/rate[bareName])
	r.record("newfile/bare", rate[fileName]/rate[bareName])
	r.record("cpu/bare", cost[offName]/cost[bareName])
	r.record("shadow/off", cost[shadowName]/cost[offName])
	perRequest := &plot{name: "processor-time", title: "Processor time of a request about a new object, 32 connections", unit: "µs"}
	for _, s := range all {
		perRequest.bars = append(perRequest.bars, bar{name: s.name, value: cost[s.name]})
	}
	r.draw(perRequest)
	return nil
}

// writeObjects writes a script with which wrk sends the body with another object each time.
func writeObjects(path string, body []byte) error {
	before, after, err := aroundObject(body)
	if err != nil {
		return err
	}
	script := fmt.Sprintf(`local before, after, n = [==[%sdata/]==], [==[%s]==], 0
function request()
  n = n + 1
  return wrk.format("POST", nil, {["Host"] = wrk.headers["Host"], ["Content-Type"] = "application/json"}, before .. string.format("%%012d", n) .. after)
end
`, before, after)
	return os.WriteFile(path, []byte(script), 0o600)
}

// aroundObject returns what is before and after the name of the object in the body of a question.
func aroundObject(body []byte) (before, after []byte, err error) {
	member := []byte(`"object":"`)
	at := bytes.Index(body, member)
	if at < 0 {
		return nil, nil, errors.New("the question has no object")
	}
	at += len(member)
	end := bytes.IndexByte(body[at:], '"')
	if end < 0 {
		return nil, nil, errors.New("the name of the object does not end")
	}
	return body[:at], body[at+end:], nil
}

// processorTime returns the user and system time that the process has used, from /proc/PID/stat (proc(5)), in ticks of
// 10 ms.
func (p *process) processorTime() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // fields[0] is field 3 of proc(5)
	var ticks int64
	for _, field := range []int{14 - 3, 15 - 3} {
		n, err := strconv.ParseInt(fields[field], 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

// together compares eight clients that verify new tokens at the same time with eight clients that only check the
// signatures of these tokens.
func together(ctx context.Context, w *world, r *results) error {
	const clients = 8
	each := 50
	if w.quick {
		each = 5
	}
	iss, private, err := startIssuerWith(ctx, 4096, privateKey)
	if err != nil {
		return err
	}
	defer func() { _ = iss.Close() }()
	user, _ := iss.User("alice")
	tokens := make([]string, clients*each)
	for n := range tokens {
		claims := iss.EvidenceClaims(user)
		claims["jti"] = fmt.Sprint("together ", n)
		tokens[n] = iss.Token(claims)
	}
	all := func(verify func(client int, token string) error) (time.Duration, error) {
		began := time.Now()
		failed := make([]error, clients)
		var running sync.WaitGroup
		for c := range clients {
			running.Go(func() {
				for _, token := range tokens[c*each : (c+1)*each] {
					failed[c] = errors.Join(failed[c], verify(c, token))
				}
			})
		}
		running.Wait()
		return time.Since(began), errors.Join(failed...)
	}
	var ratios []float64
	for range w.rounds(5) {
		ratio, err := w.togetherOf(ctx, iss, &private.PublicKey, all)
		if err != nil {
			return err
		}
		ratios = append(ratios, ratio)
	}
	r.record("together", median(ratios))
	return nil
}

func (w *world) togetherOf(ctx context.Context, iss *issuer.Server, key *rsa.PublicKey, all func(func(int, string) error) (time.Duration, error)) (float64, error) {
	g, err := w.newGate(ctx, iss, smallMapping)
	if err != nil {
		return 0, err
	}
	defer g.close()
	bare, err := all(func(_ int, token string) error { return check(key, token) })
	if err != nil {
		return 0, err
	}
	whole, err := all(func(client int, token string) error {
		_, err := g.verifier.Verify(ctx, token, verifier.Presented{By: fmt.Sprint(client)})
		return err
	})
	return float64(bare) / float64(whole), err
}
