package stack

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/network"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/claimgate/claimgate/e2e/internal/front"
	"github.com/claimgate/claimgate/e2e/internal/pki"
)

// DefaultMapping lets the token's policy claim grant harmless policies, and groups grant
// the others.
//
//go:embed mapping.toml
var DefaultMapping string

// Stack is a running MinIO with its webhook and its issuer, for one test.
type Stack struct {
	*parts

	tb testing.TB
}

// parts are the running servers. Several tests may use them.
type parts struct {
	// name is the label of the containers and the network.
	name    string
	network *testcontainers.DockerNetwork
	running []part

	// authentik is true if the issuer is a real Authentik.
	authentik bool

	issuer   testcontainers.Container
	gateways []*Gateway
	minio    testcontainers.Container
	redis    testcontainers.Container // nil without Options.Redis

	// Balancer and Recorder are set if Options.Front selects them.
	Balancer *front.Balancer
	Recorder *front.Recorder

	ca   *pki.CA // nil without TLS
	host string  // the front's address on the stack's network
}

// part is a container with its host name on the stack's network.
type part struct {
	testcontainers.Container
	name string
}

// New starts a stack for one test and returns when MinIO serves and asks its
// webhook.
func New(tb testing.TB, o Options) *Stack {
	tb.Helper()
	p, err := start(tb.Context(), tb.Name(), o)
	tb.Cleanup(func() { p.stop(tb) })
	if err != nil {
		tb.Fatal(err)
	}
	return &Stack{parts: p, tb: tb}
}

// For returns the same stack for another test, for example a parallel sub-test. Clients
// that the other test makes end with that test.
func (s *Stack) For(tb testing.TB) *Stack { return &Stack{parts: s.parts, tb: tb} }

// start starts the servers. If it fails, it returns those that run, for their logs.
func start(ctx context.Context, name string, o Options) (p *parts, err error) {
	p = &parts{name: name, ca: o.CA}
	if o, err = o.complete(); err != nil {
		return p, err
	}
	if p.network, err = network.New(ctx, network.WithLabels(map[string]string{label: name})); err != nil {
		return p, fmt.Errorf("network: %w", err)
	}
	// In this order: claimgate needs the issuer's keys to be ready, and MinIO does
	// not start without its webhook.
	if p.authentik = o.authentik.Server != ""; p.authentik {
		p.issuer, err = p.startAuthentik(ctx, o.authentik)
	} else {
		p.issuer, err = p.startIssuer(ctx, o)
	}
	if err != nil {
		return p, err
	}
	if o.Redis {
		if p.redis, err = p.startRedis(ctx, o); err != nil {
			return p, err
		}
	}
	if err = p.startGateways(ctx, o); err != nil {
		return p, err
	}
	port, err := p.startFront(ctx, o)
	if err != nil {
		return p, err
	}
	p.minio, err = p.startMinIO(ctx, o, o.scheme()+"://claimgate:"+port+"/authz")
	return p, err
}

// run starts a container with a host name on the stack's network.
func (p *parts) run(ctx context.Context, name, image string, opts ...testcontainers.ContainerCustomizer) (testcontainers.Container, error) {
	opts = append([]testcontainers.ContainerCustomizer{
		network.WithNetwork([]string{name}, p.network),
		testcontainers.WithLabels(map[string]string{label: p.name}),
	}, opts...)
	c, err := testcontainers.Run(ctx, image, opts...)
	if c != nil {
		p.running = append(p.running, part{c, name})
	}
	if err != nil {
		return c, fmt.Errorf("start %s: %w", name, err)
	}
	return c, nil
}

// stop keeps the logs if the test has failed, and removes everything.
func (p *parts) stop(tb testing.TB) {
	p.keepLogs(tb)
	if err := p.remove(); err != nil {
		tb.Errorf("remove the stack: %v", err)
	}
}

// maxWait ends a start or a removal that hangs. No result depends on it.
const maxWait = 5 * time.Minute

// remove kills the containers and removes them: they hold nothing worth keeping.
func (p *parts) remove() error {
	// The context of the test that started them is canceled by now.
	ctx, cancel := context.WithTimeout(context.Background(), maxWait)
	defer cancel()
	errs := []error{p.closeFront()}
	for _, c := range p.running {
		errs = append(errs, c.Terminate(ctx, testcontainers.StopTimeout(0)))
	}
	if p.network != nil {
		errs = append(errs, p.network.Remove(ctx))
	}
	return errors.Join(errs...)
}

// readyBy makes run wait for a strategy whose WithStartupTimeout is maxWait. Without
// both, testcontainers gives up after a minute.
func readyBy(s wait.Strategy) testcontainers.CustomizeRequestOption {
	return testcontainers.WithWaitStrategyAndDeadline(maxWait, s)
}

func (s *Stack) endpoint(c testcontainers.Container, port string) string {
	s.tb.Helper()
	// Not cached: a container that was restarted has another port.
	endpoint, err := c.PortEndpoint(s.tb.Context(), port, "")
	if err != nil {
		s.tb.Fatalf("port %s: %v", port, err)
	}
	return endpoint
}
