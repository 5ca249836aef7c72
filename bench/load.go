package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

type loadResult struct {
	rate     float64
	p50, p99 time.Duration
}

// writeScript writes a script with which wrk sends the bodies in turn.
func writeScript(path string, bodies [][]byte) error {
	var s strings.Builder
	s.WriteString("local bodies = {\n")
	for _, body := range bodies {
		fmt.Fprintf(&s, "[==[%s]==],\n", body)
	}
	s.WriteString(`}
local requests, n = {}, 0
function init(args)
  for i, body in ipairs(bodies) do
    requests[i] = wrk.format("POST", nil, {["Host"] = wrk.headers["Host"], ["Content-Type"] = "application/json"}, body)
  end
end
function request()
  n = n % #requests + 1
  return requests[n]
end
`)
	return os.WriteFile(path, []byte(s.String()), 0o600)
}

var (
	rateLine   = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	p50Line    = regexp.MustCompile(`50%\s+([0-9.]+[a-z]+)`)
	p99Line    = regexp.MustCompile(`99%\s+([0-9.]+[a-z]+)`)
	failedLine = regexp.MustCompile(`Non-2xx or 3xx responses|Socket errors`)
)

// load runs wrk for so many seconds. It fails if an answer is not 200, because such
// answers cannot be compared.
func load(ctx context.Context, script, url string, connections, seconds int) (l loadResult, err error) {
	if err := ctx.Err(); err != nil {
		return l, err
	}
	cmd := exec.CommandContext(ctx, "wrk", "-t1", "-c"+strconv.Itoa(connections), "-d"+strconv.Itoa(seconds)+"s", "--latency", "-s", script, url)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return l, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	if failedLine.Match(out) {
		return l, fmt.Errorf("%s: an answer was not 200, or a request had none:\n%s", url, out)
	}
	field := func(re *regexp.Regexp) string {
		if m := re.FindSubmatch(out); m != nil {
			return string(m[1])
		}
		return ""
	}
	if l.rate, err = strconv.ParseFloat(field(rateLine), 64); err != nil {
		return l, fmt.Errorf("wrk printed no rate:\n%s", out)
	}
	if l.p50, err = time.ParseDuration(field(p50Line)); err != nil {
		return l, err
	}
	l.p99, err = time.ParseDuration(field(p99Line))
	return l, err
}

// interleaved loads every server once in each round, and returns the medians by the
// server's name: requests a second, p50 and p99 in microseconds.
func interleaved(ctx context.Context, dir string, subjects []*process, bodies [][]byte, connections, rounds, seconds int) (rate, p50, p99 map[string]float64, err error) {
	script := filepath.Join(dir, "body.lua")
	if err := writeScript(script, bodies); err != nil {
		return nil, nil, nil, err
	}
	for _, s := range subjects { // warms caches and connections
		if _, err := load(ctx, script, s.url, connections, 1); err != nil {
			return nil, nil, nil, err
		}
	}
	rates, p50s, p99s := byName{}, byName{}, byName{}
	for range rounds {
		for _, s := range subjects {
			l, err := load(ctx, script, s.url, connections, seconds)
			if err != nil {
				return nil, nil, nil, fmt.Errorf("%s: %w", s.name, err)
			}
			rates[s.name] = append(rates[s.name], l.rate)
			p50s[s.name] = append(p50s[s.name], float64(l.p50)/1e3)
			p99s[s.name] = append(p99s[s.name], float64(l.p99)/1e3)
		}
	}
	return rates.medians(), p50s.medians(), p99s.medians(), nil
}
