package stack

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/exec"
)

// stopTimeout is the time that claimgate gets to stop: more than
// server.shutdown_grace.
const stopTimeout = time.Minute

// Gateway is one replica of claimgate, for one test.
type Gateway struct {
	container testcontainers.Container
	name      string
	tb        testing.TB
}

// Gateway returns replica i, from 0.
func (s *Stack) Gateway(i int) *Gateway {
	g := *s.gateways[i]
	g.tb = s.tb
	return &g
}

// WriteFiles writes files beside the config.toml of the running claimgate.
func (g *Gateway) WriteFiles(files map[string]string) {
	g.tb.Helper()
	if err := copyFiles(g.tb.Context(), g.container, files); err != nil {
		g.tb.Fatalf("write files of %s: %v", g.name, err)
	}
}

// CallerToken returns the Authorization header that MinIO sends.
func (s *Stack) CallerToken() string { return callerToken }

// Stop stops claimgate with SIGTERM and returns its exit code.
func (g *Gateway) Stop() int {
	g.tb.Helper()
	timeout := stopTimeout
	if err := g.container.Stop(g.tb.Context(), &timeout); err != nil {
		g.tb.Fatalf("stop %s: %v", g.name, err)
	}
	state, err := g.container.State(g.tb.Context())
	if err != nil {
		g.tb.Fatalf("state of %s: %v", g.name, err)
	}
	return state.ExitCode
}

// Kill ends claimgate with SIGKILL.
func (g *Gateway) Kill() {
	g.tb.Helper()
	var atOnce time.Duration
	if err := g.container.Stop(g.tb.Context(), &atOnce); err != nil {
		g.tb.Fatalf("kill %s: %v", g.name, err)
	}
}

// Start starts the stopped claimgate again and waits until it is healthy.
func (g *Gateway) Start() {
	g.tb.Helper()
	if err := g.container.Start(g.tb.Context()); err != nil {
		g.tb.Fatalf("start %s again: %v", g.name, err)
	}
}

// Signal sends claimgate a signal, as "docker kill -s" does.
func (g *Gateway) Signal(signal string) {
	g.tb.Helper()
	if err := sendSignal(g.tb.Context(), g.container, signal); err != nil {
		g.tb.Fatalf("%s to %s: %v", signal, g.name, err)
	}
}

func sendSignal(ctx context.Context, c testcontainers.Container, signal string) error {
	engine, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	_, err = engine.ContainerKill(ctx, c.GetContainerID(), client.ContainerKillOptions{Signal: signal})
	return err
}

// Address returns host and port of claimgate's main listener, as reached from this
// machine.
func (g *Gateway) Address() string {
	g.tb.Helper()
	return g.port(gatewayPort + "/tcp")
}

func (g *Gateway) port(port string) string {
	g.tb.Helper()
	endpoint, err := g.container.PortEndpoint(g.tb.Context(), port, "")
	if err != nil {
		g.tb.Fatalf("port %s of %s: %v", port, g.name, err)
	}
	return endpoint
}

// Exec runs a claimgate command in the container and returns its exit code and its
// output.
func (g *Gateway) Exec(args ...string) (int, string) {
	g.tb.Helper()
	code, output, err := g.container.Exec(g.tb.Context(), append([]string{"/claimgate"}, args...), exec.Multiplexed())
	if err != nil {
		g.tb.Fatalf("claimgate %s in %s: %v", strings.Join(args, " "), g.name, err)
	}
	text, err := io.ReadAll(output)
	if err != nil {
		g.tb.Fatalf("claimgate %s in %s: %v", strings.Join(args, " "), g.name, err)
	}
	return code, string(text)
}

// ReadFile reads a file beside the config.toml.
func (g *Gateway) ReadFile(name string) string {
	g.tb.Helper()
	file, err := g.container.CopyFileFromContainer(g.tb.Context(), configDir+"/"+name)
	if err != nil {
		g.tb.Fatalf("read %s of %s: %v", name, g.name, err)
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		g.tb.Fatalf("read %s of %s: %v", name, g.name, err)
	}
	return string(text)
}

// Ready reports whether claimgate is ready, and returns its address on the stack's
// network. It makes a Gateway a front.Backend.
func (g *Gateway) Ready(ctx context.Context) (string, bool) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	ip, err := g.container.ContainerIP(ctx)
	if err != nil || ip == "" {
		return "", false
	}
	res, err := get(ctx, "http://"+net.JoinHostPort(ip, strings.TrimSuffix(adminPort, "/tcp"))+"/readyz")
	if err != nil {
		return "", false
	}
	defer res.Body.Close()
	return net.JoinHostPort(ip, gatewayPort), res.StatusCode == http.StatusOK
}

func get(ctx context.Context, address string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Close = true // the next request may go to another process
	return http.DefaultClient.Do(req)
}

// Metric returns the value of one series of /metrics, 0 if there is no such series yet.
func (g *Gateway) Metric(series string) float64 {
	g.tb.Helper()
	return g.sum(func(name string) bool { return name == series })
}

// Decided returns how many decisions the running claimgate has made since it started.
func (g *Gateway) Decided() int {
	g.tb.Helper()
	return int(g.sum(func(name string) bool { return strings.HasPrefix(name, "claimgate_decisions_total{") }))
}

// sum reads /metrics and adds the values of the series that match.
func (g *Gateway) sum(match func(series string) bool) float64 {
	g.tb.Helper()
	res, err := get(g.tb.Context(), "http://"+g.port(adminPort)+"/metrics")
	if err != nil {
		g.tb.Fatalf("metrics of %s: %v", g.name, err)
	}
	defer res.Body.Close()
	var sum float64
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		space := strings.LastIndexByte(lines.Text(), ' ')
		if space < 0 || !match(lines.Text()[:space]) {
			continue
		}
		value, err := strconv.ParseFloat(lines.Text()[space+1:], 64)
		if err != nil {
			g.tb.Fatalf("metrics of %s: %v", g.name, err)
		}
		sum += value
	}
	if err := lines.Err(); err != nil {
		g.tb.Fatalf("metrics of %s: %v", g.name, err)
	}
	return sum
}

// Log returns everything that claimgate has written so far.
func (g *Gateway) Log() string {
	g.tb.Helper()
	return logOf(g.tb, g.container, g.name)
}

func logOf(tb testing.TB, c testcontainers.Container, name string) string {
	tb.Helper()
	log, err := c.Logs(tb.Context())
	if err != nil {
		tb.Fatalf("log of %s: %v", name, err)
	}
	defer log.Close()
	text, err := io.ReadAll(log)
	if err != nil {
		tb.Fatalf("log of %s: %v", name, err)
	}
	return string(text)
}

// MinIOLog returns everything that MinIO has written so far.
func (s *Stack) MinIOLog() string {
	s.tb.Helper()
	return logOf(s.tb, s.minio, "minio")
}

// Decision holds the members of a line of the decision log that tests read.
type Decision struct {
	ID      string `json:"id"`
	Allow   bool   `json:"allow"`
	Reason  string `json:"reason"`
	Action  string `json:"action"`
	Bucket  string `json:"bucket"`
	Object  string `json:"object"`
	Account string `json:"account"`
}

// Decisions reads the decision log, whose lines are mixed with those of the program.
func (g *Gateway) Decisions() []Decision {
	g.tb.Helper()
	decisions, err := parseDecisions(g.Log())
	if err != nil {
		g.tb.Fatalf("decision log of %s: %v", g.name, err)
	}
	return decisions
}

func parseDecisions(log string) ([]Decision, error) {
	var decisions []Decision
	for line := range strings.Lines(log) {
		var d struct {
			Decision

			Level string `json:"level"` // only the program's own lines have a level
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			return nil, fmt.Errorf("%w in %q", err, line)
		}
		if d.Level == "" {
			decisions = append(decisions, d.Decision)
		}
	}
	return decisions, nil
}
