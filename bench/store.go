package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// storeResult is what Redis sees of two replicas with many ended sessions.
type storeResult struct {
	sessions        int
	memory          float64 // bytes in Redis of an ended session
	replica         float64 // bytes in each replica of an ended session
	perLogout       float64 // commands of a logout
	perSync         float64 // commands of a replica in half a minute without logouts
	sentPerSync     float64 // bytes that Redis sends to a replica in half a minute
	logoutsASecond  float64
	processorMicros float64 // of a replica for a logout
}

// storeSize ends sessions at one of two replicas that share their revocations through Redis.
func storeSize(ctx context.Context, w *world, s *sizes) error {
	address, err := freeAddress(ctx)
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	redis, err := start("redis-server", "", exec.CommandContext(ctx, "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"))
	if err != nil {
		return err
	}
	defer stop(redis)
	iss, err := newSigner(ctx)
	if err != nil {
		return err
	}
	defer iss.close()
	var replicas []*process
	defer func() { stop(replicas...) }()
	for n := range 2 {
		p, err := w.startFor(ctx, iss, "CLAIMGATE_REVOCATION_STORE=redis://"+address+"/0")
		if err != nil {
			return err
		}
		replicas = append(replicas, p)
		first, err := iss.question(n)
		if err != nil {
			return err
		}
		if err := p.waitUntilAllows(ctx, first); err != nil {
			return err
		}
	}
	s.store, err = w.endSessions(ctx, iss, port, replicas)
	return err
}

// usage is what the store and two replicas have used.
type usage struct {
	infoResult
	processor time.Duration // of the first replica
	resident  float64       // of the second, in bytes
}

func usageOf(ctx context.Context, port string, replicas []*process) (u usage, err error) {
	var err1, err2, err3 error
	u.infoResult, err1 = redisInfo(ctx, port)
	u.processor, err2 = replicas[0].processorTime()
	u.resident, err3 = replicas[1].resident()
	u.resident *= 1 << 20
	return u, errors.Join(err1, err2, err3)
}

// endSessions ends sessions at the first replica, and then watches the store for some time.
func (w *world) endSessions(ctx context.Context, iss *signer, port string, replicas []*process) (r storeResult, err error) {
	count, wait := 100_000, time.Minute
	if w.quick {
		count, wait = 1000, 30*time.Second
	}
	before, err := usageOf(ctx, port, replicas)
	if err != nil {
		return r, err
	}
	begun := time.Now()
	if err := iss.endAll(ctx, replicas[0], count); err != nil {
		return r, err
	}
	took := time.Since(begun)
	after, err := usageOf(ctx, port, replicas)
	if err != nil {
		return r, err
	}
	select {
	case <-ctx.Done():
		return r, ctx.Err()
	case <-time.After(wait):
	}
	quiet, err := usageOf(ctx, port, replicas)
	if err != nil {
		return r, err
	}
	n, halves := float64(count), wait.Seconds()/30*float64(len(replicas))
	return storeResult{
		sessions: count, logoutsASecond: n / took.Seconds(), processorMicros: (after.processor - before.processor).Seconds() * 1e6 / n,
		memory: (after.memory - before.memory) / n, replica: (quiet.resident - before.resident) / n, perLogout: (after.commands - before.commands) / n,
		perSync: (quiet.commands - after.commands) / halves, sentPerSync: (quiet.sent - after.sent) / halves,
	}, nil
}

// infoResult is a part of the output of the Redis command INFO.
type infoResult struct{ memory, commands, sent float64 }

func redisInfo(ctx context.Context, port string) (r infoResult, err error) {
	out, err := exec.CommandContext(ctx, "redis-cli", "-p", port, "info").CombinedOutput()
	if err != nil {
		return r, fmt.Errorf("redis-cli: %w\n%s", err, out)
	}
	for name, value := range map[string]*float64{"used_memory": &r.memory, "total_commands_processed": &r.commands, "total_net_output_bytes": &r.sent} {
		m := regexp.MustCompile(name + `:(\d+)`).FindSubmatch(out)
		if m == nil {
			return r, errors.New("redis-cli info has no " + name)
		}
		if *value, err = strconv.ParseFloat(string(m[1]), 64); err != nil {
			return r, err
		}
	}
	return r, nil
}

// endAll posts count logout tokens, each for another session.
func (s *signer) endAll(ctx context.Context, p *process, count int) error {
	const lanes = 16
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: lanes}, Timeout: time.Minute}
	defer client.CloseIdleConnections()
	var running sync.WaitGroup
	failed := make([]error, lanes)
	for lane := range lanes {
		running.Go(func() {
			for n := lane; n < count && failed[lane] == nil && ctx.Err() == nil; n += lanes {
				failed[lane] = s.end(ctx, client, strings.TrimSuffix(p.url, "/authz")+"/backchannel-logout", n)
			}
		})
	}
	running.Wait()
	return errors.Join(errors.Join(failed...), ctx.Err())
}

// end posts the nth logout token. It posts the token again if the replica asks for that.
func (s *signer) end(ctx context.Context, client *http.Client, to string, n int) error {
	payload, err := json.Marshal(map[string]any{
		"iss": s.url, "aud": "minio", "iat": time.Now().Unix(), "exp": time.Now().Add(2 * time.Minute).Unix(), "jti": fmt.Sprint("logout ", n), "sid": fmt.Sprintf("%064x", 1_000_000+n),
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	})
	if err != nil {
		return err
	}
	input := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA","typ":"logout+jwt","kid":"bench"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	form := url.Values{"logout_token": {input + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(s.private, []byte(input)))}}.Encode()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(form))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		_ = resp.Body.Close()
		switch resp.StatusCode {
		case http.StatusOK:
			return nil
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			time.Sleep(10 * time.Millisecond)
		default:
			return fmt.Errorf("logout %d: %s", n, resp.Status)
		}
	}
}
