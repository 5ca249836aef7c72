package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/audit"
	"github.com/claimgate/claimgate/app/dialect/minio"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/fixtures"
	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/revocation"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// secretKeys are the keys of conditions and claims whose values are secret.
var secretKeys = []string{
	"Authorization", "Cookie", "Signature", "X-Amz-Signature", "X-Amz-Security-Token", "X-Authentik-Jwt", "X-Authentik-Token",
	"authentik_token", "jwt", "token", "nonce", "sessionpolicy", "sessionPolicy",
	"X-Amz-Server-Side-Encryption-Customer-Key", "X-Amz-Copy-Source-Server-Side-Encryption-Customer-Key",
	"X-Amz-Server-Side-Encryption-Context", "X-Minio-Source-Proxy-Request", "Proxy-Authorization", "X-Auth-Token", "X-Api-Key",
}

// readEverything returns a mapping whose policies read every condition key, for every recorded account.
func readEverything(t testing.TB) *mapping.Mapping {
	t.Helper()
	var statements []string
	for _, key := range policy.ConditionKeys() {
		key = strings.TrimSuffix(key, "<tag>")
		if strings.HasSuffix(key, "/") {
			key += "secret"
		}
		var actions []string
		for _, action := range policy.Actions() {
			statement := fmt.Sprintf(`{"Effect":"Deny","Action":[%q],"Resource":["*"],"Condition":{"StringLike":{%q:"no such value"}}}`, action, key)
			if !strings.HasPrefix(action, "s3:") {
				continue
			}
			if _, err := policy.Parse("p", []byte(`{"Version":"2012-10-17","Statement":[`+statement+`]}`), policy.Source{}); err == nil {
				actions = append(actions, action)
			}
		}
		if len(actions) == 0 {
			continue
		}
		list, err := json.Marshal(actions)
		if err != nil {
			t.Fatal(err)
		}
		statements = append(statements, fmt.Sprintf(`{"Effect":"Deny","Action":%s,"Resource":["arn:aws:s3:::*"],"Condition":{"StringLike":{%q:"no such value"}}}`, list, key))
	}
	if len(statements) < 40 {
		t.Fatalf("only %d condition keys are read", len(statements))
	}
	text := "version = 1\n[[policy]]\nname = \"curious\"\ndocument = '''{\"Version\":\"2012-10-17\",\"Statement\":[" + strings.Join(statements, ",\n") +
		",{\"Effect\":\"Allow\",\"Action\":[\"s3:*\"],\"Resource\":[\"arn:aws:s3:::*\"]}]}'''\n[[group]]\nname = \"devs\"\npolicies = [\"curious\"]\n"
	for _, account := range []string{"alice", "rootadmin", "rootuser", "bob"} {
		text += fmt.Sprintf("[[account]]\nname = %q\npolicies = [\"curious\"]\n", account)
	}
	file := filepath.Join(t.TempDir(), "mapping.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m, found := mapping.Load(file)
	if m == nil {
		t.Fatal(found)
	}
	return m
}

// recorder decides recorded requests at the time of their recording, and writes their lines.
type recorder struct {
	*gateway.Gateway
	now atomic.Int64
	doc strictjson.Document
}

func newRecorder(t testing.TB) *recorder {
	t.Helper()
	r := new(recorder)
	now := func() time.Time { return time.Unix(r.now.Load(), 0) }
	var issuers []verifier.Issuer
	for name, url := range map[string]string{"one": "http://127.0.0.1:27190", "two": "http://127.0.0.1:9109/application/o/minio/"} {
		issuers = append(issuers, verifier.Issuer{
			Name: name, URL: url, Audiences: []string{"minio"}, Algorithms: []string{"RS256"}, UsernameClaim: "preferred_username",
			Leeway: time.Minute, MaxLifetime: 365 * 24 * time.Hour, Refresh: time.Hour, RefetchCooldown: time.Second, MaxStale: time.Hour,
		})
	}
	v, err := verifier.New(verifier.Options{Issuers: issuers, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	// The claims that MinIO attests identify the sessions, because the recorded tokens' keys are gone.
	r.Gateway, err = gateway.New(gateway.Options{
		Verifier: v, Revocations: revocation.NewList(now, time.Hour), DecisionEntries: 100, Now: now, EvaluateOwner: true,
		Evidence: gateway.Evidence{Keys: []string{"evidence"}, AttestedClaims: true, ServiceAccountMaxAge: 365 * 24 * time.Hour},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	r.Use(readEverything(t))
	return r
}

// record writes the line of one body as the server does, also for a malformed body.
func (r *recorder) record(l *audit.Log, body []byte) (gateway.Reason, error) {
	var in struct {
		Input struct {
			Conditions struct {
				CurrentTime []time.Time
			}
		}
	}
	if json.Unmarshal(body, &in) == nil && len(in.Input.Conditions.CurrentTime) > 0 {
		r.now.Store(in.Input.Conditions.CurrentTime[0].Unix())
	}
	e := entry(gateway.RequestMalformed)
	req, err := minio.Decode(body, &r.doc)
	if err != nil {
		e.Decision.Detail = err.Error()
	} else {
		d := r.Decide(context.Background(), &req)
		e.Decision, e.Request = &d, &req
	}
	return e.Decision.Reason, l.Write(e)
}

// secrets returns the texts of a recorded call that must not be in any line.
func secrets(t testing.TB, body []byte) (all []string) {
	t.Helper()
	var in struct {
		Input struct {
			Conditions map[string][]string
			Claims     map[string]any
		}
	}
	if err := json.Unmarshal(body, &in); err != nil {
		t.Fatal(err)
	}
	for _, key := range secretKeys {
		all = append(all, in.Input.Conditions[key]...)
		if s, ok := in.Input.Claims[key].(string); ok {
			all = append(all, s)
		}
	}
	return slices.DeleteFunc(all, func(s string) bool { return len(s) < 6 })
}

// No line of a request that a real MinIO has sent has a secret, under a mapping that reads every condition
// key.
func TestNoSecretOfARecordedRequestIsInTheLog(t *testing.T) {
	r := newRecorder(t)
	l, file := open(t, "all")
	seen, reasons := 0, map[gateway.Reason]int{}
	for _, call := range fixtures.Calls(t) {
		if call.Body == nil {
			continue
		}
		before, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		reason, err := r.record(l, call.Body)
		if err != nil {
			t.Fatal(err)
		}
		reasons[reason]++
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range secrets(t, call.Body) {
			seen++
			if bytes.Contains(text[before.Size():], []byte(s)) {
				t.Errorf("a secret of %d bytes of fixture line %d is in the log", len(s), call.Line)
			}
		}
	}
	if seen < 200 || reasons[gateway.PolicyAllow] < 50 || len(reasons) < 4 {
		t.Errorf("the fixtures do not show much: %d secrets, reasons %v", seen, reasons)
	}
	fits(t, schema(t), file)
	read := map[string]bool{}
	for _, line := range lines(t, file) {
		keys, _ := line["read"].(map[string]any)
		for key := range keys {
			read[key] = true
		}
	}
	if len(read) < 40 {
		t.Errorf("the policies have read only %d keys", len(read))
	}
}

// Whatever header or claim a secret comes in, and however the body is broken.
func TestNoSecretThatARequestMayHoldIsInTheLog(t *testing.T) {
	const mark = "c2VjcmV0LW1hcms"
	r := newRecorder(t)
	l, file := open(t, "all")
	calls := fixtures.Calls(t)
	readable := sync.OnceValue(func() map[string]bool { // the names of values that policies may read
		m := map[string]bool{}
		for _, key := range policy.ConditionKeys() {
			for _, name := range append(policy.ConditionNames(key), key[strings.Index(key, ":")+1:]) {
				m[name] = true
			}
		}
		return m
	})
	checked := 0
	rapid.Check(t, func(t *rapid.T) {
		call := rapid.SampledFrom(calls[1:]).Draw(t, "call")
		var body map[string]map[string]any
		if err := json.Unmarshal(call.Body, &body); err != nil {
			t.Fatal(err)
		}
		in := body["input"]
		key := rapid.OneOf(rapid.SampledFrom(secretKeys), rapid.StringMatching(`[A-Z][a-z]{2,8}(-[A-Z][a-z]{2,8}){0,3}`)).Draw(t, "key")
		if readable()[key] {
			return
		}
		where := rapid.SampledFrom([]string{"conditions", "claims"}).Draw(t, "where")
		if where == "conditions" {
			in[where].(map[string]any)[key] = []string{mark}
		} else if claims, ok := in[where].(map[string]any); ok {
			claims[key] = rapid.SampledFrom([]any{mark, []string{mark}, map[string]any{"x": mark}}).Draw(t, "value")
		}
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "broken") {
			at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
			text = slices.Concat(text[:at], []byte(rapid.SampledFrom([]string{"", `"`, "}", `\`, "\x00", "\xff"}).Draw(t, "by")), text[at+rapid.IntRange(0, 1).Draw(t, "instead"):])
		}
		before, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.record(l, text); err != nil {
			t.Fatal(err)
		}
		log, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		checked++
		if line := log[before.Size():]; bytes.Contains(line, []byte(mark)) {
			t.Fatalf("%s.%s is in the log: %s", where, key, line)
		}
	})
	if checked < 50 {
		t.Errorf("only %d requests were checked", checked)
	}
}

// The referring page may be a presigned URL.
func TestTheQueryOfTheRefererIsNotLogged(t *testing.T) {
	r := newRecorder(t)
	l, file := open(t, "all")
	body := `{"input":{"account":"alice","action":"s3:GetObject","bucket":"b","object":"o","claims":{},` +
		`"conditions":{"Referer":["https://minio.example.com/b/o?X-Amz-Signature=5ec4e7"]},"owner":false,"denyOnly":false}}`
	if _, err := r.record(l, []byte(body)); err != nil {
		t.Fatal(err)
	}
	read, _ := lines(t, file)[0]["read"].(map[string]any)
	if diff := cmp.Diff([]any{"https://minio.example.com/b/o"}, read["aws:Referer"]); diff != "" {
		t.Errorf("of the Referer the line shows (-want +got):\n%s", diff)
	}
}
