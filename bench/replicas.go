package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// replicaResult is what some replicas behind a balancer did.
type replicaResult struct {
	count  int
	rate   float64 // requests a second, all together
	micros float64 // processor time of a request in the replicas, without the balancer
}

const callerToken = "a-caller-token-of-the-benchmark-0123456789"

// replicaSize measures one, two and four replicas behind HAProxy. Each replica is in a network namespace of its own,
// with its own address. The replicas take the keys from a snapshot, because a namespace does not reach the issuer.
func replicaSize(ctx context.Context, w *world, s *sizes) (err error) {
	if os.Getuid() != 0 {
		return errors.New("replicas need network namespaces: run as root")
	}
	iss, bodies, err := startIssuerWith(ctx, 4096, questionsOf)
	if err != nil {
		return err
	}
	defer func() { _ = iss.Close() }()
	snapshot, err := w.snapshotOf(ctx, iss.URL(), bodies[0])
	if err != nil {
		return err
	}
	tokens := filepath.Join(w.dir, "callers")
	if err := os.WriteFile(tokens, []byte(callerToken+"\n"), 0o600); err != nil {
		return err
	}
	var all []*process
	started := 0
	defer func() {
		stop(all...)
		for n := range started {
			err = errors.Join(err, execute(context.WithoutCancel(ctx), "ip", "netns", "delete", namespace(n+1)))
		}
	}()
	for n := range 4 {
		started = n + 1
		p, err := w.startReplica(ctx, n+1, iss.URL(), snapshot, tokens)
		if err != nil {
			return err
		}
		all = append(all, p)
	}
	script := filepath.Join(w.dir, "replicas.lua")
	if err := writeObjects(script, bodies[0]); err != nil {
		return err
	}
	for _, count := range []int{1, 2, 4} {
		r, err := w.behindBalancer(ctx, script, bodies[0], all[:count])
		if err != nil {
			return err
		}
		s.replicas = append(s.replicas, r)
	}
	return nil
}

// snapshotOf starts claimgate once, and returns the file in which it keeps the issuer's keys.
func (w *world) snapshotOf(ctx context.Context, issuerURL string, body []byte) (file string, err error) {
	file = filepath.Join(w.dir, "replicas.json")
	p, err := w.startClaimgate(ctx, offName, issuerURL, "CLAIMGATE_ISSUER_0_SNAPSHOT_FILE="+file)
	if err != nil {
		return "", err
	}
	defer stop(p)
	if err := p.waitUntilAllows(ctx, body); err != nil {
		return "", err
	}
	for range 200 {
		if _, err := os.Stat(file); err == nil {
			return file, nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return "", errors.New("claimgate wrote no snapshot within two seconds")
}

func namespace(n int) string { return fmt.Sprint("claimgate-bench-", n) }

// startReplica starts the nth replica in its own network namespace at the address 10.231.n.2.
func (w *world) startReplica(ctx context.Context, n int, issuerURL, snapshot, tokens string) (*process, error) {
	ns, here := namespace(n), fmt.Sprint("cgbench", n)
	for _, command := range []string{
		"ip netns add " + ns,
		"ip link add " + here + " type veth peer name eth0 netns " + ns,
		fmt.Sprintf("ip address add 10.231.%d.1/30 dev %s", n, here),
		"ip link set " + here + " up",
		fmt.Sprintf("ip -n %s address add 10.231.%d.2/30 dev eth0", ns, n),
		"ip -n " + ns + " link set eth0 up",
		"ip -n " + ns + " link set lo up",
	} {
		if err := execute(ctx, strings.Fields(command)...); err != nil {
			return nil, err
		}
	}
	address := fmt.Sprintf("10.231.%d.2:9191", n)
	cmd := exec.CommandContext(ctx, "ip", "netns", "exec", ns, w.claimgate, "serve") // ip replaces itself by claimgate
	cmd.Env = append(os.Environ(),
		"CLAIMGATE_SERVER_LISTEN="+address, "CLAIMGATE_ADMIN_LISTEN=127.0.0.1:9192", "CLAIMGATE_MAPPING_FILE="+w.mapping,
		"CLAIMGATE_ISSUER_0_URL="+issuerURL, "CLAIMGATE_ISSUER_0_AUDIENCES=minio", "CLAIMGATE_ISSUER_0_SNAPSHOT_FILE="+snapshot,
		"CLAIMGATE_SERVER_CALLER_TOKENS_FILE="+tokens, "CLAIMGATE_LOG_LEVEL=error",
		"CLAIMGATE_AUDIT_OUTPUT="+filepath.Join(w.dir, fmt.Sprintf("replica-%d.jsonl", n)),
	)
	return start(address, "http://"+address+"/authz", cmd)
}

// behindBalancer loads the replicas through HAProxy.
func (w *world) behindBalancer(ctx context.Context, script string, body []byte, replicas []*process) (r replicaResult, err error) {
	listen, err := freeAddress(ctx)
	if err != nil {
		return r, err
	}
	var text strings.Builder
	fmt.Fprintf(&text, `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen claimgate
  bind %s
  balance roundrobin
  http-request set-header Authorization %s
`, listen, callerToken)
	for n, p := range replicas {
		fmt.Fprintf(&text, "  server replica%d %s\n", n+1, p.name)
	}
	config := filepath.Join(w.dir, "haproxy.cfg")
	if err := os.WriteFile(config, []byte(text.String()), 0o600); err != nil {
		return r, err
	}
	balancer, err := start("haproxy", "http://"+listen+"/authz", exec.CommandContext(ctx, "haproxy", "-db", "-q", "-f", config))
	if err != nil {
		return r, err
	}
	defer stop(balancer)
	if err := balancer.waitUntilAllows(ctx, body); err != nil {
		return r, err
	}
	if _, err := load(ctx, script, balancer.url, 32, 1); err != nil {
		return r, err
	}
	var rates, micros []float64
	for range w.rounds(3) {
		rate, each, err := w.costOf(ctx, script, balancer.url, replicas...)
		if err != nil {
			return r, err
		}
		rates, micros = append(rates, rate), append(micros, each)
	}
	return replicaResult{len(replicas), median(rates), median(micros)}, nil
}

// execute runs one command, and returns its output as an error if it fails.
func execute(ctx context.Context, command ...string) error {
	if out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, out)
	}
	return nil
}
