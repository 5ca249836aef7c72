package verifier

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/claimgate/claimgate/internal/strictjson"
)

const (
	fetchTimeout = 10 * time.Second // for discovery and the key set together
	// dialTimeout ends an attempt that began while the issuer's address was dead,
	// so that its return is noticed within seconds.
	dialTimeout  = 3 * time.Second
	maxRedirects = 5
)

// fetcher asks one issuer for its key set.
type fetcher struct {
	issuer    *Issuer
	client    *http.Client
	transport *http.Transport // the client's
	jwksURL   string          // found by discovery; forgotten when a fetch from it fails
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// withTimeout bounds the look-up of the name and the connection together.
func (d dialer) withTimeout(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	return d(ctx, network, address)
}

func newFetcher(i *Issuer, dial dialer) (*fetcher, error) {
	tlsConfig := &tls.Config{MinVersion: tls.VersionTLS12}
	if i.CAFile != "" {
		pem, err := os.ReadFile(i.CAFile)
		if err != nil {
			return nil, fmt.Errorf("issuer %q: ca_file: %w", i.Name, err)
		}
		tlsConfig.RootCAs = x509.NewCertPool()
		if !tlsConfig.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("issuer %q: ca_file %s holds no PEM certificate", i.Name, i.CAFile)
		}
	}
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dial.withTimeout,
		TLSClientConfig:        tlsConfig,
		TLSHandshakeTimeout:    dialTimeout,
		ForceAttemptHTTP2:      true,
		DisableKeepAlives:      true, // a fetch in minutes; a kept connection would only go stale
		MaxResponseHeaderBytes: 64 << 10,
	}
	return &fetcher{issuer: i, transport: transport, client: &http.Client{
		Timeout: fetchTimeout, Transport: transport, CheckRedirect: sameOrigin,
	}}, nil
}

// sameOrigin follows redirects within scheme and host only: whoever the issuer
// sends us to elsewhere did not prove to be the issuer.
func sameOrigin(next *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	if first := via[0].URL; next.URL.Scheme != first.Scheme || next.URL.Host != first.Host {
		return fmt.Errorf("a redirect to another origin, %s://%s, is not followed", next.URL.Scheme, next.URL.Host)
	}
	return nil
}

// keySet fetches and parses the key set, by discovery where no address is set.
func (f *fetcher) keySet(ctx context.Context) (*keySet, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	where := f.issuer.JWKSURL
	if where == "" {
		if f.jwksURL == "" {
			found, err := f.discover(ctx, "jwks_uri", "jwks_url")
			if err != nil {
				return nil, err
			}
			f.jwksURL = found
		}
		where = f.jwksURL
	}
	set, err := f.keySetFrom(ctx, where)
	if err != nil {
		f.jwksURL = "" // the issuer may have moved it
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return set, nil
}

func (f *fetcher) keySetFrom(ctx context.Context, where string) (*keySet, error) {
	body, err := f.get(ctx, where)
	if err != nil {
		return nil, err
	}
	return parseKeySet(body)
}

// discover asks for an address in the provider's configuration (OpenID Connect
// Discovery 1.0 section 4), which must name the very issuer (section 4.3). setting
// is what gives the address without discovery.
func (f *fetcher) discover(ctx context.Context, member, setting string) (string, error) {
	// The slash is stripped to build this address and for nothing else.
	where := strings.TrimSuffix(f.issuer.URL, "/") + "/.well-known/openid-configuration"
	body, err := f.get(ctx, where)
	if err != nil {
		return "", fmt.Errorf("%s: %w", where, err)
	}
	doc, err := strictjson.Parse(body)
	if err != nil {
		return "", fmt.Errorf("%s: not strict JSON: %w", where, err)
	}
	if iss := doc.Root().Get("issuer"); !iss.Is(f.issuer.URL) {
		return "", fmt.Errorf("%s names the issuer %s, the configuration %s: set url to the former, byte for byte, if it is the right one",
			where, quoted(iss.Text()), quoted(f.issuer.URL))
	}
	uri := doc.Root().Get(member).Text()
	if err := checkURL(uri, f.issuer.InsecureHTTP); err != nil {
		return "", fmt.Errorf("%s: %s: %w", where, member, err)
	}
	if strings.HasPrefix(f.issuer.URL, "https:") && !strings.HasPrefix(uri, "https:") {
		return "", fmt.Errorf("%s: %s %s is plain http although the issuer is https: set %s if that is meant", where, member, quoted(uri), setting)
	}
	return uri, nil
}

func (f *fetcher) get(ctx context.Context, where string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answered %s", resp.Status)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxKeySetBytes+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxKeySetBytes {
		return nil, errors.New("answered more than 1 MiB")
	}
	return body, nil
}
