package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/internal/finding"
)

func TestChoicesThatWeakenTheGateAreWarnedOf(t *testing.T) {
	secretFile := write(t, "secret", canary)
	shortFile := write(t, "short", "short\n")
	tests := []struct {
		name string
		env  []string
		want []string
	}{
		{"the defaults", nil, []string{"C104"}},
		{"a caller token", []string{"SERVER_CALLER_TOKENS=0123456789abcdef"}, nil},
		{"a short caller token", []string{"SERVER_CALLER_TOKENS=0123456789abcde"}, []string{"C114"}},
		{"a short caller token in a file", []string{"SERVER_CALLER_TOKENS_FILE=" + shortFile}, []string{"C114"}},
		{"off the loopback without TLS", []string{"SERVER_LISTEN=:1"}, []string{"C104", "C106"}},
		{"on localhost", []string{"SERVER_LISTEN=localhost:1", "ADMIN_LISTEN=[::1]:1"}, []string{"C104"}},
		{"the admin listener open", []string{"ADMIN_LISTEN=0.0.0.0:1"}, []string{"C104", "C107"}},
		{"plain http", []string{"ISSUER_0_INSECURE_HTTP=true"}, []string{"C101", "C104"}},
		{"plain http to elsewhere", []string{"ISSUER_0_INSECURE_HTTP=true", "ISSUER_0_URL=http://auth.example/"}, []string{"C101", "C104"}},
		{"delegation", []string{"ISSUER_0_ALLOW_DELEGATION=true"}, []string{"C104", "C112"}},
		{"introspection that fails open", []string{"ISSUER_0_INTROSPECTION_CLIENT_ID=c", "ISSUER_0_INTROSPECTION_CLIENT_SECRET_FILE=" + secretFile, "ISSUER_0_INTROSPECTION_ON_ERROR=allow"}, []string{"C104", "C108"}},
		{"no introspection to fail", []string{"ISSUER_0_INTROSPECTION_ON_ERROR=allow"}, []string{"C104"}},
		{"an issuer without its slash", []string{"ISSUER_0_URL=https://a.example/application/o/minio"}, []string{"C104", "C110"}},
		{"any static key", []string{"EVIDENCE_STATIC_CREDENTIALS=any"}, []string{"C102", "C104"}},
		{"no token needed", []string{"EVIDENCE_WITHOUT_TOKEN=claims"}, []string{"C103", "C104"}},
		{"old access keys", []string{"EVIDENCE_SERVICE_ACCOUNT_MAX_AGE=1h"}, []string{"C104", "C113"}},
		{"a key no header has", []string{"EVIDENCE_KEYS=x-authentik-jwt"}, []string{"C104", "C111"}},
		{"keys as MinIO writes them", []string{"EVIDENCE_KEYS=X-Authentik-Jwt,authentik_token,jwt,Jwt"}, []string{"C104"}},
		{"no decision log", []string{"AUDIT_OUTPUT=off"}, []string{"C104", "C105"}},
		{"some of the allows", []string{"AUDIT_ALLOW=none"}, []string{"C104", "C105"}},
		{"allows that are not written", []string{"AUDIT_ON_FAILURE=continue"}, []string{"C104", "C105"}},
		{"allows of which none is written anyway", []string{"AUDIT_ON_FAILURE=continue", "AUDIT_OUTPUT=off"}, []string{"C104", "C105"}},
		{"revocations in clear", []string{"REVOCATION_STORE=redis://valkey:6379"}, []string{"C104", "C109"}},
		{"revocations on this machine", []string{"REVOCATION_STORE=redis://127.0.0.1:6379"}, []string{"C104"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := slices.Clone(oneIssuer)
			for _, e := range tt.env {
				env = append(env, "CLAIMGATE_"+e)
			}
			c, findings := config.Load("", env)
			if c == nil {
				t.Fatal(findings)
			}
			var codes, sentences []string
			for _, f := range findings {
				if f.Severity != finding.Warning || f.Fix == "" {
					t.Errorf("%v", f)
				}
				codes = append(codes, f.Code)
				sentences = append(sentences, f.Message)
			}
			slices.Sort(codes)
			if diff := cmp.Diff(tt.want, codes); diff != "" {
				t.Error(diff)
			}
			got := slices.Sorted(slices.Values(c.Warnings()))
			slices.Sort(sentences)
			if diff := cmp.Diff(sentences, got); diff != "" {
				t.Errorf("the log would say something else: %s", diff)
			}
		})
	}
}

func TestWarningsStandAtTheirKey(t *testing.T) {
	path := write(t, "config.toml", "[evidence]\nwithout_token = \"claims\"\n"+issuerTOML)
	_, findings := config.Load(path, nil)
	i := slices.IndexFunc(findings, func(f finding.Finding) bool { return f.Code == "C103" })
	if i < 0 || findings[i].Line != 2 || findings[i].Column != 17 || !strings.HasPrefix(findings[i].Message, "evidence.without_token: ") {
		t.Errorf("%v", findings)
	}
}
