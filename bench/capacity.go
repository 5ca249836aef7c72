package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

//go:embed capacity.md
var capacityPage string

// sizes are the figures of docs/capacity.md. The page divides and multiplies them, and measures nothing itself.
type sizes struct {
	offMicros, fileMicros float64 // processor time of a request about a new object
	body, line            float64 // bytes of a question, and of its line in the decision log
	check2048, check4096  float64 // processor time of a new token, in microseconds
	token                 float64 // bytes of memory of a cached token
	rule                  float64 // bytes of memory of a group rule
	replicas              []replicaResult
	store                 storeResult
}

// capacity measures what an operator needs to size a deployment, and prints or writes docs/capacity.md.
func capacity(ctx context.Context, w *world) error {
	var s sizes
	for _, measure := range []func(context.Context, *world, *sizes) error{requestSize, checkSize, tokenSize, ruleSize, replicaSize, storeSize} {
		begun := time.Now()
		if err := measure(ctx, w, &s); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "measured in %s\n", time.Since(begun).Round(time.Second))
	}
	page := s.page()
	if !w.write {
		fmt.Print(page)
		return nil
	}
	return os.WriteFile(filepath.Join(w.project, "docs", "capacity.md"), []byte(page), 0o644)
}

// requestSize measures requests about a new object each, with the log off and with the log in a file.
func requestSize(ctx context.Context, w *world, s *sizes) error {
	iss, bodies, err := startIssuerWith(ctx, 4096, questionsOf)
	if err != nil {
		return err
	}
	defer func() { _ = iss.Close() }()
	log, script := filepath.Join(w.dir, "capacity.jsonl"), filepath.Join(w.dir, "capacity.lua")
	if err := writeObjects(script, bodies[0]); err != nil {
		return err
	}
	off, err1 := w.startClaimgate(ctx, offName, iss.URL())
	file, err2 := w.startClaimgate(ctx, fileName, iss.URL(), "CLAIMGATE_AUDIT_OUTPUT="+log)
	defer stop(off, file)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	for _, p := range []*process{off, file} {
		if err := p.waitUntilAllows(ctx, bodies[0]); err != nil {
			return err
		}
		if _, err := load(ctx, script, p.url, 32, 1); err != nil {
			return err
		}
	}
	spent := byName{}
	for range w.rounds(5) {
		for _, p := range []*process{off, file} {
			_, micros, err := w.costOf(ctx, script, p.url, p)
			if err != nil {
				return err
			}
			spent[p.name] = append(spent[p.name], micros)
		}
	}
	s.body = float64(len(bodies[0]))
	s.offMicros, s.fileMicros = median(spent[offName]), median(spent[fileName])
	text, err := os.ReadFile(log)
	if err != nil {
		return err
	}
	s.line = float64(len(text)) / float64(strings.Count(string(text), "\n"))
	return os.Remove(log)
}

// costOf loads a server, and returns the requests a second and the processor time of a request, which all the
// processes together used.
func (w *world) costOf(ctx context.Context, script, url string, all ...*process) (rate, micros float64, err error) {
	used := func() (total time.Duration) {
		for _, p := range all {
			each, failed := p.processorTime()
			total, err = total+each, errors.Join(err, failed)
		}
		return total
	}
	before := used()
	l, failed := load(ctx, script, url, 32, w.seconds())
	if err = errors.Join(err, failed); err != nil {
		return 0, 0, err
	}
	return l.rate, (used() - before).Seconds() * 1e6 / (l.rate * float64(w.seconds())), err
}

// checkSize measures what a token costs that claimgate has not seen.
func checkSize(ctx context.Context, w *world, s *sizes) error {
	for bits, micros := range map[int]*float64{2048: &s.check2048, 4096: &s.check4096} {
		_, whole, err := w.coldOf(ctx, bits)
		if err != nil {
			return err
		}
		*micros = whole
	}
	return nil
}

// tokenSize measures the memory of cached tokens with tokens as large as Authentik's.
func tokenSize(ctx context.Context, w *world, s *sizes) error {
	iss, err := newSigner(ctx)
	if err != nil {
		return err
	}
	defer iss.close()
	p, err := w.startFor(ctx, iss, "CLAIMGATE_CACHE_TOKEN_BYTES=1GiB")
	if err != nil {
		return err
	}
	defer stop(p)
	first, err := iss.question(0)
	if err != nil {
		return err
	}
	if err := p.waitUntilAllows(ctx, first); err != nil {
		return err
	}
	few, many := 10_000, liveTokens
	if w.quick {
		few, many = 500, 5000
	}
	var resident [2]float64
	for i, n := range []int{few, many} {
		if err := iss.askAll(ctx, p, []int{0, few}[i], n); err != nil {
			return err
		}
		if resident[i], err = p.resident(); err != nil {
			return err
		}
	}
	s.token = (resident[1] - resident[0]) * (1 << 20) / float64(many-few)
	return nil
}

// ruleSize measures the memory of group rules.
func ruleSize(ctx context.Context, w *world, s *sizes) error {
	count := 100_000
	if w.quick {
		count = 5000
	}
	iss, body, err := startIssuerWith(ctx, 2048, questionOf)
	if err != nil {
		return err
	}
	defer func() { _ = iss.Close() }()
	var resident [2]float64
	for i, n := range []int{0, count} {
		var text strings.Builder
		text.WriteString(smallMapping)
		for rule := range n {
			fmt.Fprintf(&text, "[[group]]\nname = \"team-%d\"\npolicies = [\"readonly\"]\n", rule)
		}
		file := filepath.Join(w.dir, "rules.toml")
		if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
			return err
		}
		p, err := w.startClaimgate(ctx, offName, iss.URL(), "CLAIMGATE_MAPPING_FILE="+file)
		if err != nil {
			return err
		}
		err = p.waitUntilAllows(ctx, body)
		time.Sleep(time.Second) // the memory of the start is given back
		if err == nil {
			resident[i], err = p.resident()
		}
		stop(p)
		if err != nil {
			return err
		}
	}
	s.rule = (resident[1] - resident[0]) * (1 << 20) / float64(count)
	return nil
}

// page fills the template of docs/capacity.md.
func (s *sizes) page() string {
	const gib, mib, million = 1 << 30, 1 << 20, 1e6
	var replicas []string
	for _, r := range s.replicas {
		replicas = append(replicas, fmt.Sprintf("| %d | %s | %.1f µs |", r.count, thousands(r.rate), r.micros))
	}
	return strings.NewReplacer(
		"{{when}}", time.Now().UTC().Format(time.DateOnly), "{{machine}}", machine(), "{{processors}}", strconv.Itoa(runtime.NumCPU()),
		"{{file}}", fmt.Sprintf("%.1f", s.fileMicros), "{{fileRate}}", thousands(million/s.fileMicros),
		"{{off}}", fmt.Sprintf("%.1f", s.offMicros), "{{offRate}}", thousands(million/s.offMicros),
		"{{check2048}}", fmt.Sprintf("%.0f", s.check2048), "{{checkRate2048}}", thousands(million/s.check2048),
		"{{check4096}}", fmt.Sprintf("%.0f", s.check4096), "{{checkRate4096}}", thousands(million/s.check4096),
		"{{token}}", thousands(s.token), "{{tokensPerGiB}}", thousands(gib/s.token),
		"{{rule}}", thousands(s.rule), "{{rulesPerGiB}}", thousands(gib/s.rule),
		"{{session}}", thousands(s.store.replica), "{{sessionsPerGiB}}", thousands(gib/s.store.replica),
		"{{body}}", thousands(s.body), "{{line}}", thousands(s.line), "{{replicas}}", strings.Join(replicas, "\n"),
		"{{sessions}}", thousands(float64(s.store.sessions)), "{{redisMemory}}", thousands(s.store.memory),
		"{{redisTotal}}", fmt.Sprintf("%.0f", s.store.memory*float64(s.store.sessions)/mib), "{{perLogout}}", fmt.Sprintf("%.1f", s.store.perLogout),
		"{{perSync}}", thousands(s.store.perSync), "{{sent}}", fmt.Sprintf("%.1f", s.store.sentPerSync/mib),
		"{{logouts}}", thousands(s.store.logoutsASecond), "{{logoutMicros}}", fmt.Sprintf("%.0f", s.store.processorMicros),
		"{{millionCores}}", thousands(s.fileMicros/0.6), "{{millionNetwork}}", fmt.Sprintf("%.0f", s.body*8/1000),
		"{{millionLog}}", thousands(s.line), "{{millionChecks}}", fmt.Sprintf("%.2f", s.check2048/3600), "{{millionTokens}}", fmt.Sprintf("%.1f", s.token*million/gib),
	).Replace(capacityPage)
}

// thousands returns a number without decimals, with commas.
func thousands(n float64) string {
	text := strconv.FormatFloat(n, 'f', 0, 64)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
