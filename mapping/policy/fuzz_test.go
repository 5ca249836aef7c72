package policy

import (
	"errors"
	"testing"
)

func FuzzParse(f *testing.F) {
	for _, name := range CannedNames() {
		f.Add([]byte(cannedDocuments[name]))
	}
	f.Add([]byte(`{"Version":"2012-10-17","Statement":[{"Sid":"x","Effect":"Deny","NotAction":["s3:Get*"],"NotResource":["arn:aws:s3:::${aws:username}/*"],` +
		`"Condition":{"ForAllValues:StringNotLike":{"jwt:groups":["a*","${jwt:sub}"]},"IpAddress":{"aws:SourceIp":["10.0.0.0/8","::1/128"]}}}]}`))
	f.Add([]byte(`{"Statement":[{"Effect":"Allow","Action":"kms:*","Resource":["arn:minio:kms:::${group:key}*"],"Condition":{"Bool":{"aws:SecureTransport":true},"Null":{"jwt:sub":"false"}}}]}`))
	requests := []Request{
		{Action: "s3:GetObject", Bucket: "b", Object: "o", Context: conditions{"username": {"*"}, "groups": {}, "SourceIp": {"x"}}},
		{Action: "kms:CreateKey", Bucket: "k"},
		{Action: "unheard:of", DenyOnly: true},
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		p, err := Parse("p", document, Source{File: "p"})
		if (p == nil) == (err == nil) {
			t.Fatalf("policy %v and error %v", p, err)
		}
		var findings Errors
		if err != nil && (!errors.As(err, &findings) || len(findings) == 0) {
			t.Fatalf("an error without a finding: %v", err)
		}
		for _, finding := range findings {
			if finding.Pos.Line < 1 || finding.Pos.Column < 1 || finding.Msg == "" || finding.Fix == "" {
				t.Fatalf("a finding without place, message or fix: %+v", finding)
			}
		}
		set := Compile(Grant{Policy: p})
		for i := range requests {
			if got := set.Evaluate(&requests[i]); p == nil && got.Allowed() {
				t.Fatalf("a document that does not load allows: %+v", got)
			}
		}
		session, kind, sessionErr := ParseSession(document)
		if (kind == SessionUnreadable) != (sessionErr != nil) || (session == nil) != (sessionErr != nil) {
			t.Fatalf("%v, policy %v, error %v", kind, session, sessionErr)
		}
	})
}
