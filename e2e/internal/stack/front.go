package stack

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"

	"github.com/claimgate/claimgate/e2e/internal/front"
)

// startFront starts the server that MinIO asks, unless that is claimgate itself, and
// returns its port.
func (p *parts) startFront(ctx context.Context, o Options) (port string, err error) {
	if o.Front == Direct {
		return gatewayPort, nil
	}
	if p.host, err = p.hostAddress(ctx); err != nil {
		return "", err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", net.JoinHostPort(p.host, "0"))
	if err != nil {
		return "", fmt.Errorf("the engine's network ends at %s, which must be an address of this machine for a front to listen on: %w", p.host, err)
	}
	if _, port, err = net.SplitHostPort(l.Addr().String()); err != nil {
		return "", err
	}
	switch o.Front {
	case Balanced:
		var backends []front.Backend
		for _, g := range p.gateways {
			backends = append(backends, g)
		}
		p.Balancer = front.Balance(l, backends...)
	case Recorded:
		return port, p.startRecorder(ctx, l, o)
	default:
		return "", errors.Join(fmt.Errorf("no front is number %d", o.Front), l.Close())
	}
	return port, nil
}

func (p *parts) startRecorder(ctx context.Context, l net.Listener, o Options) error {
	pair, err := o.CA.Issue("claimgate")
	if err != nil {
		return err
	}
	cert, err := tls.X509KeyPair([]byte(pair.Cert), []byte(pair.Key))
	if err != nil {
		return err
	}
	ip, err := p.gateways[0].container.ContainerIP(ctx)
	if err != nil {
		return err
	}
	trusting := o.CA.Client()
	trusting.ServerName = "claimgate"
	target := &url.URL{Scheme: "https", Host: net.JoinHostPort(ip, gatewayPort)}
	p.Recorder = front.Record(l, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}}, target, trusting)
	return nil
}

// hostAddress returns the address of this machine on the stack's network.
func (p *parts) hostAddress(ctx context.Context) (string, error) {
	engine, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return "", err
	}
	defer engine.Close()
	found, err := engine.NetworkInspect(ctx, p.network.ID, client.NetworkInspectOptions{})
	if err != nil {
		return "", err
	}
	for _, c := range found.Network.IPAM.Config {
		if c.Gateway.Is4() {
			return c.Gateway.String(), nil
		}
	}
	return "", errors.New("the network has no gateway with an IPv4 address")
}

// closeFront stops what startFront has started.
func (p *parts) closeFront() error {
	var errs []error
	if p.Balancer != nil {
		errs = append(errs, p.Balancer.Close())
	}
	if p.Recorder != nil {
		errs = append(errs, p.Recorder.Close())
	}
	return errors.Join(errs...)
}

// Use makes MinIO ask only these replicas, on new connections. No request may be under
// way.
func (s *Stack) Use(gateways ...*Gateway) error {
	var backends []front.Backend
	for _, g := range gateways {
		backends = append(backends, g)
	}
	return s.Balancer.Use(backends...)
}
