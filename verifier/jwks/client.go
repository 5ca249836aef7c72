package jwks

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/claimgate/claimgate/internal/pemfile"
	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/verifier/internal/issuerurl"
	"github.com/claimgate/claimgate/verifier/internal/quote"
)

const (
	// MaxAnswer is the largest answer of an issuer that is read, in bytes.
	MaxAnswer = 1 << 20

	fetchTimeout = 10 * time.Second // discovery and key set together
	dialTimeout  = 3 * time.Second  // so that a dead address does not delay the next attempt
	maxRedirects = 5
)

// Client sends HTTP requests to one issuer. Source.Client returns one. Discover and Transport
// may be called concurrently.
type Client struct {
	config    *Config
	http      *http.Client
	transport *http.Transport // of http
	found     string          // address of the key set by discovery; "" after a fetch from there failed
}

func newClient(c *Config) (*Client, error) {
	tlsConfig := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		tlsConfig.RootCAs = x509.NewCertPool()
		if err := pemfile.Append(tlsConfig.RootCAs, c.CAFile); err != nil {
			return nil, fmt.Errorf("issuer %q: ca_file: %w", c.Name, err)
		}
	}
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            c.dial,
		TLSClientConfig:        tlsConfig,
		TLSHandshakeTimeout:    dialTimeout,
		ForceAttemptHTTP2:      true,
		DisableKeepAlives:      true, // fetches are minutes apart
		MaxResponseHeaderBytes: 64 << 10,
	}
	return &Client{config: c, transport: transport, http: &http.Client{
		Timeout: fetchTimeout, Transport: transport, CheckRedirect: SameOrigin,
	}}, nil
}

// dial connects to the issuer. dialTimeout bounds name resolution and connection together.
func (c *Config) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	return c.Dial(ctx, network, address)
}

// Transport returns a copy of the client's transport, with the issuer's CA, limits and dialer.
// The caller may change the copy.
func (c *Client) Transport() *http.Transport { return c.transport.Clone() }

// SameOrigin is a CheckRedirect for http.Client. It follows redirects within the scheme
// and host of the first request, because another host is not proven to be the issuer.
func SameOrigin(next *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	if first := via[0].URL; next.URL.Scheme != first.Scheme || next.URL.Host != first.Host {
		return fmt.Errorf("a redirect to another origin, %s://%s, is not followed", next.URL.Scheme, next.URL.Host)
	}
	return nil
}

// keySet fetches the key set from JWKSURL or from the address that discovery finds.
func (c *Client) keySet(ctx context.Context) (*Set, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	address := c.config.JWKSURL
	if address == "" {
		if c.found == "" {
			found, err := c.Discover(ctx, "jwks_uri", "jwks_url")
			if err != nil {
				return nil, err
			}
			c.found = found
		}
		address = c.found
	}
	set, err := c.keySetFrom(ctx, address)
	if err != nil {
		c.found = "" // the issuer may have moved the key set
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	return set, nil
}

func (c *Client) keySetFrom(ctx context.Context, address string) (*Set, error) {
	body, err := c.get(ctx, address)
	if err != nil {
		return nil, err
	}
	return parseSet(body)
}

// Discover fetches the issuer's discovery document and returns an address from it
// (OpenID Connect Discovery 1.0 section 4). The document must name this issuer (section
// 4.3). member is the member with the address. setting is the configuration key that
// replaces discovery; error messages name it.
func (c *Client) Discover(ctx context.Context, member, setting string) (string, error) {
	// Only for this address the issuer's last slash is removed.
	address := strings.TrimSuffix(c.config.URL, "/") + "/.well-known/openid-configuration"
	body, err := c.get(ctx, address)
	if err != nil {
		return "", fmt.Errorf("%s: %w", address, err)
	}
	doc, err := strictjson.Parse(body)
	if err != nil {
		return "", fmt.Errorf("%s: not strict JSON: %w", address, err)
	}
	if iss := doc.Root().Get("issuer"); !iss.Is(c.config.URL) {
		return "", fmt.Errorf("%s names the issuer %s, the configuration names %s: if the document is right, copy its issuer to url, byte for byte",
			address, quote.Value(iss.Text()), quote.Value(c.config.URL))
	}
	uri := doc.Root().Get(member).Text()
	if err := issuerurl.Check(uri, c.config.InsecureHTTP); err != nil {
		return "", fmt.Errorf("%s: %s: %w", address, member, err)
	}
	if strings.HasPrefix(c.config.URL, "https:") && !strings.HasPrefix(uri, "https:") {
		return "", fmt.Errorf("%s: %s %s is plain http although the issuer is https: set %s if that is intended", address, member, quote.Value(uri), setting)
	}
	return uri, nil
}

func (c *Client) get(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answered %s", resp.Status)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(body) > MaxAnswer {
		return nil, errors.New("answered more than 1 MiB")
	}
	return body, nil
}
