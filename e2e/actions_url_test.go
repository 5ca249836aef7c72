package e2e

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/claimgate/claimgate/e2e/internal/stack"
)

// links makes presigned URLs and calls them with a client that holds no credentials.
type links struct {
	signer *minio.Client
	client *http.Client
}

func linksOf(s *stack.Stack, creds credentials.Value) links {
	return links{s.S3(creds), s.HTTPClient()}
}

// viaURL uses presigned URLs.
func viaURL(l links) actions {
	return actions{
		list: func(ctx context.Context) error {
			body, err := l.fetch(ctx, http.MethodGet, bucket, "", url.Values{"list-type": {"2"}}, nil)
			if err == nil && !strings.Contains(body, object) {
				return fmt.Errorf("the list lacks %s: %s", object, body)
			}
			return err
		},
		get: func(ctx context.Context) error {
			body, err := l.fetch(ctx, http.MethodGet, bucket, object, nil, nil)
			if err == nil && body != content {
				return fmt.Errorf("read %q, want %q", body, content)
			}
			return err
		},
		put: func(ctx context.Context) error {
			_, err := l.fetch(ctx, http.MethodPut, bucket, "inbox/by-url", nil, nil)
			return err
		},
	}
}

// fetch makes a presigned URL with further query parameters and calls it with further
// headers. The signature covers the parameters, not the headers.
func (l links) fetch(ctx context.Context, method, bucket, object string, query url.Values, header http.Header) (string, error) {
	u, err := l.signer.Presign(ctx, method, bucket, object, time.Minute, query)
	if err != nil {
		return "", err
	}
	var body io.Reader = http.NoBody
	if method == http.MethodPut {
		body = strings.NewReader(content)
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return "", err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	res, err := l.client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return "", err
	case res.StatusCode == http.StatusOK:
		return string(answer), nil
	}
	var failure minio.ErrorResponse
	if err := xml.Unmarshal(answer, &failure); err != nil {
		return "", fmt.Errorf("status %s: %s", res.Status, answer)
	}
	return "", s3Denied(failure)
}
