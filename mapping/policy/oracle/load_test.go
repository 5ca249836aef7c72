package oracle

import (
	"fmt"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/mapping/policy"
)

// TestTablesAgree loads every key with every action, and every operator with every key, in both engines.
func TestTablesAgree(t *testing.T) {
	actions := append(policy.Actions(), "s3:*", "admin:*", "kms:*", "s3:Get*", "s3:*Tagging", "*:*", "s3:L*")
	agree := func(action, operator, key, value string) {
		d := document{Statements: []statement{{
			Effect: "Deny", Action: []string{action}, Condition: map[string]map[string][]string{operator: {key: {value}}},
		}}}
		if strings.HasPrefix(action, "s3:") || strings.HasPrefix(action, "*") {
			d.Statements[0].Resource = []string{"*"}
		}
		c := testCase{Documents: []document{d}}
		_, mine := claimgateAllows(c)
		_, their := minioPolicy(string(d.text()))
		if (mine == nil) != (their == nil) && !namesUnlisted(c) {
			t.Errorf("%s of %s with %s: claimgate %v, MinIO %v", operator, action, key, mine, their)
		}
	}
	values := map[string]string{
		"Numeric": "5", "Date": "2026-01-01T00:00:00Z", "Bool": "true", "Null": "true", "IpAddress": "10.0.0.0/8",
		"NotIpAddress": "10.0.0.0/8", "Binary": "QUVTMjU2", "String": "AES256",
	}
	for _, key := range append(policy.ConditionKeys(), "jwt:department", "aws:sourceip", "s3:x-amz-acl") {
		if strings.HasSuffix(key, "/") {
			key += "Team"
		}
		for _, action := range actions {
			agree(action, "Null", key, "true")
		}
		for _, operator := range append(policy.Operators(), "ArnEquals", "StringEqualsIfExists", "stringequals") {
			for prefix, value := range values {
				if strings.HasPrefix(operator, prefix) {
					for _, qualifier := range []string{"", "ForAllValues:", "ForAnyValue:", "ForSomeValues:"} {
						agree("s3:*", qualifier+operator, key, value)
					}
				}
			}
		}
	}
}

// TestValuesAgree loads values of many forms with every operator, in both engines.
func TestValuesAgree(t *testing.T) {
	values := []string{
		"", "a", "5", "-5", "+5", "05", "5 ", "1e3", "99999999999999999999", "true", "false", "YQ==", "YQ", "YR==",
		"2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00+02:00", "2026-01-01T00:00:00.5Z",
		"10.0.0.1", "10.0.0.0/8", "10.0.0.1/8", "10.0.0.0/33", "010.0.0.1", "::1/128", "fe80::/10", "::ffff:10.0.0.0/104", "10.0.0.0/-1",
		"bucket/o", "/bucket/o", "bucket/", "bucket", "//bucket/o", "bu/o", "bucket//", "bu..cket/o", "bu.-cket/o", "bu-.cket/o",
		"-bucket/o", "bucket-/o", "bU_c:k.t/o", "10.0.0.1/o", "buck*/o", "${aws:username}/o", strings.Repeat("a", 64) + "/o",
		"COPY", "REPLACE", "copy", "C*", "AES256", "aws:kms", "aws:kms:dsse", "*",
	}
	keys := []string{
		"jwt:sub", "aws:SourceIp", "aws:SecureTransport", "s3:x-amz-copy-source", "s3:x-amz-metadata-directive",
		"s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-customer-algorithm",
		"s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:x-amz-content-sha256", "s3:x-amz-storage-class", "s3:object-lock-mode",
	}
	for _, operator := range policy.Operators() {
		for _, key := range keys {
			for _, value := range values {
				for _, scalar := range []bool{false, true} {
					d := document{Statements: []statement{{
						Effect: "Allow", Action: []string{"s3:*"}, Resource: []string{"*"}, Scalar: scalar,
						Condition: map[string]map[string][]string{operator: {key: {value}}},
					}}}
					c := testCase{Documents: []document{d}}
					_, mine := claimgateAllows(c)
					_, their := minioPolicy(string(d.text()))
					if (mine == nil) != (their == nil) && stricter(c) == "" {
						t.Errorf("%s: claimgate %v, MinIO %v", fmt.Sprintf("%s of %s with %q", operator, key, value), mine, their)
					}
				}
			}
		}
	}
}
