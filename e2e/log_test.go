package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/encrypt"

	"github.com/claimgate/claimgate/e2e/internal/front"
	"github.com/claimgate/claimgate/e2e/internal/stack"
)

// The decision log has one line with its own id for each question from MinIO. No
// output of claimgate contains a token, a signature, a cookie, an SSE-C key or a
// caller token, although MinIO sends all of them.
func TestDecisionLog(t *testing.T) {
	t.Parallel()
	s := seeded(t, stack.Options{
		CA:    authority(t),
		Front: stack.Recorded,
		Env:   map[string]string{"CLAIMGATE_LOG_LEVEL": "debug"},
	})
	haveSecretsSent(t, s)

	calls, err := s.Recorder.Calls()
	if err != nil {
		t.Fatalf("a question from MinIO got no answer: %v", err)
	}
	asked := make(map[string]asking, len(calls))
	var secrets secrets
	for _, call := range calls {
		if len(call.Body) == 0 {
			continue // the start-up probe decides nothing
		}
		a := read(t, call)
		if _, twice := asked[call.Decision]; twice || call.Decision == "" {
			t.Errorf("the id %q is empty or belongs to two answers", call.Decision)
		}
		asked[call.Decision] = a
		secrets.add(a.Conditions)
	}

	t.Run("each question has its line", func(t *testing.T) {
		var lines []stack.Decision
		eventually(t, func() error {
			if lines = s.Gateway(0).Decisions(); len(lines) < len(asked) {
				return fmt.Errorf("%d lines for %d questions", len(lines), len(asked))
			}
			return nil
		})
		for _, line := range lines {
			a, ok := asked[line.ID]
			if !ok {
				t.Errorf("the line %s belongs to no question, or is the second for one", line.ID)
				continue
			}
			delete(asked, line.ID)
			if got := (asking{line.Action, line.Bucket, line.Object, line.Account, nil, line.Reason}); !got.equal(a) {
				t.Errorf("the line %s has %v, want %v", line.ID, got, a)
			}
		}
		for id, a := range asked {
			t.Errorf("no line has the id %s of %v", id, a)
		}
	})

	t.Run("no secret is in any output", func(t *testing.T) {
		secrets.wantAllKinds(t)
		secrets.list = append(secrets.list, secret{"caller token", strings.TrimPrefix(s.CallerToken(), "Bearer ")})
		log := s.Gateway(0).Log()
		for _, secret := range secrets.list {
			if strings.Contains(log, secret.value) {
				t.Errorf("claimgate has written a secret: %s", secret.kind) // and not again here
			}
		}
		t.Logf("%d secrets looked for in %d bytes", len(secrets.list), len(log))
	})
}

// haveSecretsSent makes MinIO send every kind of secret, in requests that are
// allowed, denied or refused.
func haveSecretsSent(t *testing.T, s *stack.Stack) {
	t.Helper()
	all := grant{list: true, get: true, put: true}
	session := s.MustSession("alice", stack.AllScopes)
	plain := s.MustSession("alice", stack.NoEvidence)
	token := s.Login("alice", stack.AllScopes).ID
	all.check(t, viaS3(s.S3(session)))
	all.check(t, viaMC(s.MC(plain).WithToken(token)))
	grant{}.check(t, viaS3(s.S3(s.MustSession("nobody", stack.AllScopes))))
	grant{}.check(t, viaMC(s.MC(session).WithToken(token)))                    // ambiguous
	grant{}.check(t, viaMC(s.MC(plain).WithToken(token[:len(token)-9])))       // signature
	grant{}.check(t, viaMC(s.MC(plain).WithToken("eyJhbGciOiJub25lIn0.e30."))) // algorithm
	grant{}.check(t, viaMC(s.MC(plain).WithToken("sekrit-that-is-not-a-jwt"))) // malformed
	grant{}.check(t, viaMC(s.MC(addUser(t, s, "eve")).WithToken(token)))       // binding

	key, err := encrypt.NewSSEC([]byte("a customer's key of 32 bytes ..."))
	if err != nil {
		t.Fatal(err)
	}
	c := s.S3(session)
	if _, err := c.PutObject(t.Context(), bucket, "sealed", strings.NewReader(content), int64(len(content)), minio.PutObjectOptions{ServerSideEncryption: key}); err != nil {
		t.Fatalf("put with SSE-C: %v", err)
	}
	sealed, err := c.GetObject(t.Context(), bucket, "sealed", minio.GetObjectOptions{ServerSideEncryption: key})
	if err == nil {
		_, err = io.ReadAll(sealed)
	}
	if err != nil {
		t.Fatalf("get with SSE-C: %v", err)
	}
	if _, err := c.CopyObject(t.Context(), minio.CopyDestOptions{Bucket: bucket, Object: "copy", Encryption: key},
		minio.CopySrcOptions{Bucket: bucket, Object: "sealed", Encryption: encrypt.SSECopy(key)}); err != nil {
		t.Fatalf("copy with SSE-C: %v", err)
	}

	for _, parameters := range []url.Values{nil, {"authentik_token": {token}}, {"X-Authentik-Jwt": {token}}} {
		link, err := c.PresignHeader(t.Context(), http.MethodGet, bucket, object, time.Minute, parameters, nil)
		if err != nil {
			t.Fatal(err)
		}
		follow(t, s, link)
	}
}

// follow opens a link as a browser does. The outcome does not matter.
func follow(t *testing.T, s *stack.Stack, link *url.URL) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link.String(), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: "authentik_session", Value: "a-cookie-of-a-browser"})
	res, err := s.HTTPClient().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Fatal(err)
	}
}

// asking holds the fields that a question from MinIO and a line of the log share.
type asking struct {
	Action, Bucket, Object, Account string

	Conditions map[string][]string
	reason     string
}

func (a asking) equal(b asking) bool {
	return a.Action == b.Action && a.Bucket == b.Bucket && a.Object == b.Object && a.Account == b.Account && a.reason == b.reason
}

func (a asking) String() string {
	return strings.Join([]string{a.Action, a.Bucket, a.Object, a.Account, a.reason}, " ")
}

func read(t *testing.T, call front.Call) asking {
	t.Helper()
	var body struct{ Input asking }
	if err := json.Unmarshal(call.Body, &body); err != nil {
		t.Fatal(err)
	}
	body.Input.reason = call.Reason
	return body.Input
}

// secret is a value that no log may contain.
type secret struct{ kind, value string }

// secrets lists the secrets that MinIO has sent.
type secrets struct{ list []secret }

// secretKinds are the conditions that contain secrets.
var secretKinds = []string{
	"Authorization", "Cookie", "X-Amz-Security-Token", "X-Amz-Signature", "X-Authentik-Jwt", "authentik_token",
	"X-Amz-Server-Side-Encryption-Customer-Key", "X-Amz-Server-Side-Encryption-Customer-Key-Md5",
	"X-Amz-Copy-Source-Server-Side-Encryption-Customer-Key", "X-Amz-Copy-Source-Server-Side-Encryption-Customer-Key-Md5",
}

func (s *secrets) add(conditions map[string][]string) {
	for _, kind := range secretKinds {
		for _, value := range conditions[kind] {
			// Only the signature is secret: the log contains the access key.
			if _, signature, ok := strings.Cut(value, "Signature="); ok && kind == "Authorization" {
				value = signature
			}
			s.list = append(s.list, secret{kind, value})
			// The payload and the signature of a token are secret, too.
			for _, part := range strings.Split(value, ".") {
				if strings.Count(value, ".") == 2 && len(part) > 40 && part != strings.Split(value, ".")[0] {
					s.list = append(s.list, secret{"part of " + kind, part})
				}
			}
		}
	}
}

// wantAllKinds fails the test if MinIO has not sent every kind of secret.
func (s *secrets) wantAllKinds(t *testing.T) {
	t.Helper()
	found := make(map[string]bool)
	for _, secret := range s.list {
		if len(secret.value) < 16 {
			t.Errorf("a secret of kind %s is too short to be looked for", secret.kind)
		}
		found[secret.kind] = true
	}
	for _, kind := range secretKinds {
		if !found[kind] {
			t.Errorf("MinIO has sent no %s; it has sent %s", kind, slices.Sorted(maps.Keys(found)))
		}
	}
	raw := base64.StdEncoding.EncodeToString([]byte("a customer's key of 32 bytes ..."))
	if !slices.ContainsFunc(s.list, func(x secret) bool { return x.value == raw }) {
		t.Error("MinIO has not sent the SSE-C key itself")
	}
}
