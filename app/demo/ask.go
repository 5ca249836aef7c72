package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"github.com/claimgate/claimgate/app/gateway"
)

// Ask posts a body to the webhook at url as MinIO does. It reads the answer from the body, ignores the status, and
// reads the reason from the header X-Claimgate-Reason.
func Ask(ctx context.Context, url string, body []byte) (allow bool, reason gateway.Reason, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return false, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false, "", err
	}
	defer resp.Body.Close()
	var answer struct {
		Result bool `json:"result"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return false, "", err
	}
	return answer.Result, gateway.Reason(resp.Header.Get("X-Claimgate-Reason")), nil
}
