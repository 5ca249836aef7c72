package stack

import (
	"context"
	"testing"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/network"
)

// Options change a stack; the zero value is what most tests want.
type Options struct {
	// Mapping is the mapping.toml; default DefaultMapping.
	Mapping string
	// Config is appended to the config.toml.
	Config string
	// MinIO are further environment variables of the MinIO.
	MinIO map[string]string
}

// DefaultMapping lets the token's claim grant what is harmless and the group
// grant the rest.
const DefaultMapping = `version = 1

[claim]
name  = "policy"
allow = ["readonly", "readwrite", "writeonly"]

[[group]]
name     = "MinIO admins"
policies = ["consoleAdmin"]
reason   = "platform on-call"
owner    = "platform@example.com"
`

// Stack is a running MinIO with its webhook and its issuer.
type Stack struct {
	tb      testing.TB
	network *testcontainers.DockerNetwork

	issuer  testcontainers.Container
	gateway testcontainers.Container
	minio   testcontainers.Container
}

// New starts a stack and returns when MinIO serves and asks its webhook.
func New(tb testing.TB, o Options) *Stack {
	tb.Helper()
	ctx := tb.Context()
	if o.Mapping == "" {
		o.Mapping = DefaultMapping
	}
	nw, err := network.New(ctx, network.WithLabels(map[string]string{label: tb.Name()}))
	testcontainers.CleanupNetwork(tb, nw)
	if err != nil {
		tb.Fatalf("network: %v", err)
	}
	s := &Stack{tb: tb, network: nw}
	// In this order: the webhook reads the issuer's keys before it is ready,
	// and MinIO does not come up without its webhook.
	s.issuer = s.startIssuer(ctx)
	s.gateway = s.startGateway(ctx, o)
	s.minio = s.startMinIO(ctx, o)
	return s
}

// run starts one container under a name on the stack's network, has it removed
// at the test's end and its log kept if the test failed.
func (s *Stack) run(ctx context.Context, name, image string, opts ...testcontainers.ContainerCustomizer) testcontainers.Container {
	s.tb.Helper()
	opts = append([]testcontainers.ContainerCustomizer{
		network.WithNetwork([]string{name}, s.network),
		testcontainers.WithLabels(map[string]string{label: s.tb.Name()}),
	}, opts...)
	c, err := testcontainers.Run(ctx, image, opts...)
	// Cleanups run last in, first out: the log is read before the container
	// is gone.
	testcontainers.CleanupContainer(s.tb, c)
	if c != nil {
		s.tb.Cleanup(func() { keepLog(s.tb, c, name) })
	}
	if err != nil {
		s.tb.Fatalf("start %s: %v", name, err)
	}
	return c
}

func (s *Stack) endpoint(c testcontainers.Container, port string) string {
	s.tb.Helper()
	// Asked each time: a container that was stopped and started again has
	// another port.
	endpoint, err := c.PortEndpoint(s.tb.Context(), port, "")
	if err != nil {
		s.tb.Fatalf("port %s: %v", port, err)
	}
	return endpoint
}
