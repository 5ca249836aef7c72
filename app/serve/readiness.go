package serve

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// AskReadiness asks the address of a /readyz. The error is nil if the status is 200. text is the
// answer's body, at most 64 KiB; text is empty if nobody answered.
func AskReadiness(ctx context.Context, url string) (text string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	// No proxy: the listener is this machine's.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s", url, resp.Status)
	}
	return strings.TrimSpace(string(body)), err
}

// AdminURL returns the address of the admin listener, without a slash at the end.
func (s *Service) AdminURL() string { return "http://" + s.adminListener.Addr().String() }

// WaitReady asks the admin listener, as a load balancer would, until the service is ready, for 30 s
// at most.
func (s *Service) WaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		_, err := AskReadiness(ctx, s.AdminURL()+"/readyz")
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server did not get ready: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
