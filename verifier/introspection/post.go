package introspection

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/verifier/jwks"
)

// post sends one question (RFC 7662 section 2.1). The credentials are in the body, because
// Authentik before 2026.2.2 does not decode the credentials of HTTP Basic as RFC 6749
// section 2.3.1 demands.
func (i *Introspector) post(ctx context.Context, token string) (bool, error) {
	endpoint, err := i.endpoint(ctx)
	if err != nil {
		return false, err
	}
	form := url.Values{"token": {token}, "client_id": {i.config.ClientID}, "client_secret": {i.config.ClientSecret}}
	active, err := i.send(ctx, endpoint, form.Encode())
	if err != nil {
		i.endpointMu.Lock()
		i.discovered = "" // the issuer may have moved the endpoint
		i.endpointMu.Unlock()
		return false, fmt.Errorf("%s: %w", endpoint, err)
	}
	return active, nil
}

func (i *Introspector) endpoint(ctx context.Context) (string, error) {
	if i.config.Endpoint != "" {
		return i.config.Endpoint, nil
	}
	i.endpointMu.Lock()
	defer i.endpointMu.Unlock()
	if i.discovered == "" {
		found, err := i.client.Discover(ctx, "introspection_endpoint", "introspection.endpoint")
		if err != nil {
			return "", err
		}
		i.discovered = found
	}
	return i.discovered, nil
}

func (i *Introspector) send(ctx context.Context, endpoint, form string) (active bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form))
	if err != nil {
		return false, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := i.http.Do(req)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, jwks.MaxAnswer+1))
	switch {
	case resp.StatusCode == http.StatusUnauthorized:
		return false, fmt.Errorf("answered %s: set introspection.client_id and its secret to those of the Authentik provider", resp.Status)
	case resp.StatusCode != http.StatusOK:
		return false, fmt.Errorf("answered %s", resp.Status)
	case err != nil:
		return false, err
	case len(body) > jwks.MaxAnswer:
		return false, errors.New("answered more than 1 MiB")
	}
	doc, err := strictjson.Parse(body)
	if err != nil {
		return false, fmt.Errorf("the answer is not strict JSON: %w", err)
	}
	switch doc.Root().Get("active").Kind() {
	case strictjson.True:
		return true, nil
	case strictjson.False:
		return false, nil
	default:
		return false, errors.New("the answer does not say whether the token is active")
	}
}

// samePost is a CheckRedirect. It follows redirects within the issuer's origin that repeat
// the POST. A redirect to GET would drop the question.
func samePost(next *http.Request, via []*http.Request) error {
	if next.Method != http.MethodPost {
		return errors.New("a redirect that drops the question is not followed")
	}
	return jwks.SameOrigin(next, via)
}
