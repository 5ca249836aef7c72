package offline_test

import (
	"encoding/json"
	"testing"

	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/internal/fixtures"
)

// Read returns a request of one kind or an error, for any text.
func FuzzRead(f *testing.F) {
	for _, call := range fixtures.Calls(f)[:20] {
		f.Add([]byte(call.Body))
		line, err := json.Marshal(map[string]any{"headers": call.Headers, "body": call.Body})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Add([]byte(`{"time":"2026-11-21T12:00:00Z","allow":true,"reason":"policy_allow","action":"s3:GetObject","sub":"u","read":{"aws:SourceIp":["10.0.0.1"]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		recorded, err := offline.Read(text)
		switch {
		case err != nil && recorded != nil:
			t.Errorf("both an error and a request: %v", err)
		case err == nil && (recorded.Body == nil) == (recorded.Line == nil):
			t.Errorf("not one of the kinds: %+v", recorded)
		}
	})
}
