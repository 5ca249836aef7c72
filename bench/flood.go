package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

const (
	forgedRate = 5000
	warmRate   = 1000
	floodConns = 800 // at most so many requests of the flood wait for an answer
)

// flood measures a client with a cached token at a steady rate: first alone, then
// during forgedRate questions a second with a known token, then during as many with
// forged tokens. Each forged token is different and has a kid that exists, so that
// only the signature check finds the forgery.
func flood(ctx context.Context, w *world, r *results) error {
	iss, body, err := startIssuerWith(ctx, 4096, questionOf)
	if err != nil {
		return err
	}
	defer func() { _ = iss.Close() }()
	p, err := w.startClaimgate(ctx, offName, iss.URL())
	if err != nil {
		return err
	}
	defer stop(p)
	if err := p.waitUntilAllows(ctx, body); err != nil {
		return err
	}
	at, err := url.Parse(p.url)
	if err != nil {
		return err
	}
	length := 5 * time.Second
	if w.quick {
		length = time.Second
	}
	warm := newClient(at.Host, p.url, 8)
	if _, err := sendSteadily(ctx, warm, body, time.Second); err != nil {
		return err
	}
	quiet, err := sendSteadily(ctx, warm, body, length)
	if err != nil {
		return err
	}
	var known, flooded []float64
	if _, _, err = flooding(ctx, knownFlood, p.url, forgedRate, [][]byte{body}, func() (err error) {
		known, err = sendSteadily(ctx, warm, body, length)
		return err
	}); err != nil {
		return err
	}
	report, took, err := flooding(ctx, forgedFlood, p.url, forgedRate, [][]byte{body}, func() (err error) {
		flooded, err = sendSteadily(ctx, warm, body, length)
		return err
	})
	if err != nil {
		return err
	}
	if report.Allowed > 0 {
		return fmt.Errorf("%d forged tokens were allowed", report.Allowed)
	}
	reportFlood(r, quiet, known, flooded, float64(report.Sent)/took.Seconds())
	return nil
}

// reportFlood records the latencies of the warm client: alone, during known tokens, and during rate
// forged tokens a second.
func reportFlood(r *results, quiet, known, flooded []float64, rate float64) {
	r.record("flood", percentile(flooded, 0.99)/percentile(quiet, 0.99))
	r.fact("The flood: %d forged RSA-4096 tokens/s are started, on at most %d connections; the warm client asks %d times a second.", forgedRate, floodConns, warmRate)
	r.fact("During as many questions/s with a known token, the warm p99 was %.2f × its quiet value.", percentile(known, 0.99)/percentile(quiet, 0.99))
	r.draw(&plot{name: "flood", title: fmt.Sprintf("A warm client during %.0f forged tokens/s", rate), unit: "µs", bars: []bar{
		{name: "p50, quiet", value: percentile(quiet, 0.5)},
		{name: "p50, during as many known tokens", value: percentile(known, 0.5)},
		{name: "p50, flooded", value: percentile(flooded, 0.5)},
		{name: "p99, quiet", value: percentile(quiet, 0.99)},
		{name: "p99, during as many known tokens", value: percentile(known, 0.99)},
		{name: "p99, flooded", value: percentile(flooded, 0.99)},
	}})
}

// sendSteadily sends warmRate questions a second for length and returns the latency of each
// answer, in microseconds. A question that is sent late counts from when it is sent.
func sendSteadily(ctx context.Context, c *client, body []byte, length time.Duration) ([]float64, error) {
	const lanes = 4
	var mu sync.Mutex
	var all []float64
	var firstErr error
	var clients sync.WaitGroup
	begun := time.Now()
	for lane := range lanes {
		clients.Go(func() {
			var took []float64
			for n := lane; ; n += lanes {
				due := begun.Add(time.Duration(n) * time.Second / warmRate)
				if due.Sub(begun) > length || ctx.Err() != nil {
					break
				}
				time.Sleep(time.Until(due))
				asked := time.Now()
				ok, err := c.post(body)
				if err == nil && !ok {
					err = errors.New("a warm question was denied")
				}
				if err != nil {
					mu.Lock()
					firstErr = err
					mu.Unlock()
					return
				}
				took = append(took, float64(time.Since(asked).Nanoseconds())/1e3)
			}
			mu.Lock()
			all = append(all, took...)
			mu.Unlock()
		})
	}
	clients.Wait()
	if firstErr == nil && len(all) == 0 {
		firstErr = errors.New("no question was sent")
	}
	return all, firstErr
}

// forgery makes questions in which twelve characters of the token's signature are
// replaced, each time by others.
type forgery struct {
	body []byte
	at   int
}

// forgeries returns the forgery that changes the token of the question.
func forgeries(body []byte) (forgery, error) {
	var q struct {
		Input struct {
			Conditions map[string][]string `json:"conditions"`
		} `json:"input"`
	}
	if err := json.Unmarshal(body, &q); err != nil {
		return forgery{}, err
	}
	token := q.Input.Conditions["authentik_token"][0]
	// conditions and claims both hold the token. The gateway reads the one in conditions.
	at := bytes.Index(body, []byte(`"authentik_token":["`+token))
	if at < 0 {
		return forgery{}, errors.New("the question holds no token")
	}
	return forgery{body, at + len(`"authentik_token":["`) + len(token) - 40}, nil
}

// number returns the question with the nth forged signature.
func (f forgery) number(n uint64) []byte {
	body := bytes.Clone(f.body)
	var raw [9]byte
	for i := range 8 {
		raw[i] = byte(n >> (8 * i))
	}
	raw[8] = 1
	base64.RawURLEncoding.Encode(body[f.at:f.at+12], raw[:])
	return body
}

// sendFlood starts rate questions a second until ctx ends or there is no further question. It skips a question
// while floodConns others wait for their answers.
func sendFlood(ctx context.Context, c *client, rate int, question func(n uint64) []byte, sent, allowed, failed *atomic.Uint64) {
	const tick = 2 * time.Millisecond
	turns := time.NewTicker(tick)
	defer turns.Stop()
	var running sync.WaitGroup
	defer running.Wait()
	slots := make(chan struct{}, floodConns)
	begun := time.Now()
	for n := uint64(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-turns.C:
		}
		for due := uint64(time.Since(begun).Seconds() * float64(rate)); n < due; n++ {
			body := question(n)
			if body == nil {
				return
			}
			select {
			case slots <- struct{}{}:
			default:
				continue
			}
			running.Go(func() {
				defer func() { <-slots }()
				sent.Add(1)
				ok, err := c.post(body)
				switch {
				case err != nil:
					failed.Add(1)
				case ok:
					allowed.Add(1)
				}
			})
		}
	}
}
