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
	count, wait := 100_000, time.Minute
	if w.quick {
		count, wait = 1000, 30*time.Second
	}
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
	for range 2 {
		p, err := w.startClaimgate(ctx, offName, iss.url, "CLAIMGATE_ISSUER_0_JWKS_URL="+iss.url+"jwks/", "CLAIMGATE_ISSUER_0_ALGORITHMS=EdDSA", "CLAIMGATE_REVOCATION_STORE=redis://"+address+"/0")
		if err != nil {
			return err
		}
		replicas = append(replicas, p)
		first, err := iss.question(len(replicas))
		if err != nil {
			return err
		}
		if err := p.waitUntilAllows(ctx, first); err != nil {
			return err
		}
	}
	before, err := redisInfo(ctx, port)
	if err != nil {
		return err
	}
	memoryBefore, err := replicas[1].resident()
	if err != nil {
		return err
	}
	usedBefore, err := replicas[0].processorTime()
	if err != nil {
		return err
	}
	begun := time.Now()
	if err := iss.endAll(ctx, replicas[0], count); err != nil {
		return err
	}
	r := storeResult{sessions: count, logoutsASecond: float64(count) / time.Since(begun).Seconds()}
	after, err := redisInfo(ctx, port)
	if err != nil {
		return err
	}
	usedAfter, err := replicas[0].processorTime()
	if err != nil {
		return err
	}
	r.processorMicros = (usedAfter - usedBefore).Seconds() * 1e6 / float64(count)
	r.memory = (after.memory - before.memory) / float64(count)
	r.perLogout = (after.commands - before.commands) / float64(count)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
	}
	quiet, err := redisInfo(ctx, port)
	if err != nil {
		return err
	}
	halves := wait.Seconds() / 30 * float64(len(replicas))
	r.perSync, r.sentPerSync = (quiet.commands-after.commands)/halves, (quiet.sent-after.sent)/halves
	memoryAfter, err := replicas[1].resident()
	if err != nil {
		return err
	}
	r.replica = (memoryAfter - memoryBefore) * (1 << 20) / float64(count)
	s.store = r
	return nil
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
	return errors.Join(append(failed, ctx.Err())...)
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
