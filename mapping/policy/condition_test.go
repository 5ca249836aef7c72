package policy

import (
	"fmt"
	"testing"
)

func TestConditions(t *testing.T) {
	const (
		met     = Allow
		not     = ImplicitDeny
		cur     = "aws:CurrentTime"
		newYear = `"2026-01-01T00:00:00Z"`
	)
	for _, c := range []struct {
		operator, key, values string
		facts                 conditions
		want                  Outcome
	}{
		{"StringEquals", "aws:username", `"alice"`, conditions{"username": {"alice"}}, met},
		{"StringEquals", "aws:username", `["bob","alice"]`, conditions{"username": {"alice"}}, met},
		{"StringEquals", "aws:username", `"alice"`, conditions{"username": {"Alice"}}, not},
		{"StringEquals", "aws:username", `"al*"`, conditions{"username": {"alice"}}, not},
		{"StringEquals", "aws:username", `"alice"`, nil, not},
		{"StringEquals", "aws:username", `""`, conditions{"username": {""}}, met},
		{"StringNotEquals", "aws:username", `"alice"`, conditions{"username": {"bob"}}, met},
		{"StringNotEquals", "aws:username", `"alice"`, conditions{"username": {"alice"}}, not},
		{"StringNotEquals", "aws:username", `"alice"`, nil, met},
		{"StringEqualsIgnoreCase", "aws:username", `"aLICe"`, conditions{"username": {"Alice"}}, met},
		{"StringEqualsIgnoreCase", "aws:username", `"${jwt:name}"`, conditions{"username": {"ALICE"}, "name": {"Alice"}}, met},
		{"StringNotEqualsIgnoreCase", "aws:username", `"alice"`, conditions{"username": {"ALICE"}}, not},
		{"StringLike", "s3:prefix", `"home/*"`, conditions{"prefix": {"home/alice"}}, met},
		{"StringLike", "s3:prefix", `"home/?"`, conditions{"prefix": {"home/ab"}}, not},
		{"StringLike", "s3:prefix", `"home/${aws:username}/*"`, conditions{"prefix": {"home/al/x"}, "username": {"al"}}, met},
		{"StringNotLike", "s3:prefix", `"home/*"`, conditions{"prefix": {"home/alice"}}, not},
		{"StringNotLike", "s3:prefix", `"home/*"`, conditions{"prefix": {"data/"}}, met},
		{"BinaryEquals", "jwt:sub", `"YQ=="`, conditions{"sub": {"a"}}, met},
		{"BinaryEquals", "jwt:sub", `"YQ=="`, conditions{"sub": {"YQ=="}}, not},

		{"StringEquals", "jwt:groups", `"ops"`, conditions{"groups": {"dev", "ops"}}, met},
		{"ForAnyValue:StringEquals", "jwt:groups", `"ops"`, conditions{"groups": {"dev", "ops"}}, met},
		{"ForAnyValue:StringEquals", "jwt:groups", `"ops"`, nil, not},
		{"ForAllValues:StringEquals", "jwt:groups", `"ops"`, conditions{"groups": {"dev", "ops"}}, not},
		{"ForAllValues:StringEquals", "jwt:groups", `["ops","dev"]`, conditions{"groups": {"dev", "ops"}}, met},
		{"ForAllValues:StringEquals", "jwt:groups", `"ops"`, nil, met},
		{"StringNotEquals", "jwt:groups", `"ops"`, conditions{"groups": {"dev", "ops"}}, not},

		{"NumericEquals", "s3:max-keys", `5`, conditions{"max-keys": {"5"}}, met},
		{"NumericEquals", "s3:max-keys", `"+5"`, conditions{"max-keys": {"05"}}, met},
		{"NumericNotEquals", "s3:max-keys", `["5"]`, conditions{"max-keys": {"6"}}, met},
		{"NumericNotEquals", "s3:max-keys", `5`, nil, not},
		{"NumericLessThan", "s3:max-keys", `5`, conditions{"max-keys": {"4"}}, met},
		{"NumericLessThan", "s3:max-keys", `5`, conditions{"max-keys": {"5"}}, not},
		{"NumericLessThanEquals", "s3:max-keys", `5`, conditions{"max-keys": {"5"}}, met},
		{"NumericGreaterThan", "s3:max-keys", `-5`, conditions{"max-keys": {"-4"}}, met},
		{"NumericGreaterThan", "s3:max-keys", `5`, nil, not},
		{"NumericGreaterThanEquals", "s3:max-keys", `5`, conditions{"max-keys": {"4"}}, not},
		{"NumericGreaterThanIfExists", "s3:max-keys", `5`, nil, met},
		{"NumericGreaterThanIfExists", "s3:max-keys", `5`, conditions{"max-keys": {"5"}}, not},
		{"ForAllValues:NumericLessThan", "s3:max-keys", `5`, nil, not}, // qualifiers have no effect here

		{"DateEquals", cur, newYear, conditions{"CurrentTime": {"2026-01-01T01:00:00+01:00"}}, met},
		{"DateNotEquals", cur, newYear, conditions{"CurrentTime": {"2026-01-01T00:00:01Z"}}, met},
		{"DateLessThan", cur, newYear, conditions{"CurrentTime": {"2025-12-31T23:59:59.5Z"}}, met},
		{"DateLessThanEquals", cur, newYear, conditions{"CurrentTime": {"2026-01-01T00:00:00Z"}}, met},
		{"DateGreaterThan", cur, newYear, conditions{"CurrentTime": {"2026-01-01T00:00:00Z"}}, not},
		{"DateGreaterThanEquals", cur, newYear, conditions{"CurrentTime": {"2026-01-01T00:00:00Z"}}, met},
		{"DateGreaterThanEquals", cur, newYear, nil, not},

		{"Bool", "aws:SecureTransport", `"true"`, conditions{"SecureTransport": {"true"}}, met},
		{"Bool", "aws:SecureTransport", `true`, conditions{"SecureTransport": {"false"}}, not},
		{"Bool", "aws:SecureTransport", `false`, conditions{"SecureTransport": {"false"}}, met},
		{"Bool", "aws:SecureTransport", `false`, nil, not},
		{"Null", "jwt:sub", `true`, nil, met},
		{"Null", "jwt:sub", `"true"`, conditions{"sub": {""}}, not},
		{"Null", "jwt:sub", `"false"`, conditions{"sub": {"x"}}, met},
		{"Null", "jwt:sub", `false`, nil, not},

		{"IpAddress", "aws:SourceIp", `["192.0.2.1","10.0.0.0/8"]`, conditions{"SourceIp": {"10.1.2.3"}}, met},
		{"IpAddress", "aws:SourceIp", `"192.0.2.1"`, conditions{"SourceIp": {"192.0.2.2"}}, not},
		{"IpAddress", "aws:SourceIp", `"10.9.9.9/8"`, conditions{"SourceIp": {"::ffff:10.1.2.3"}}, met},
		{"IpAddress", "aws:SourceIp", `"::ffff:10.0.0.0/104"`, conditions{"SourceIp": {"10.1.2.3"}}, met},
		{"IpAddress", "aws:SourceIp", `"2001:db8::/32"`, conditions{"SourceIp": {"2001:db8::5"}}, met},
		{"IpAddress", "aws:SourceIp", `"::/0"`, conditions{"SourceIp": {"10.1.2.3"}}, not},
		{"IpAddress", "aws:SourceIp", `"0.0.0.0/0"`, nil, not},
		{"NotIpAddress", "aws:SourceIp", `"10.0.0.0/8"`, conditions{"SourceIp": {"192.0.2.1"}}, met},
		{"NotIpAddress", "aws:SourceIp", `"10.0.0.0/8"`, conditions{"SourceIp": {"10.0.0.1"}}, not},
		{"NotIpAddress", "aws:SourceIp", `"10.0.0.0/8"`, nil, met},
	} {
		statement := fmt.Sprintf(`{"Effect":"Allow","Action":["s3:*"],"Resource":["*"],"Condition":{%q:{%q:%s}}}`,
			c.operator, c.key, c.values)
		if got := ask(t, statement, requestFor("s3:ListBucket b", c.facts)); got != c.want {
			t.Errorf("%s %s %s with %v: %v, want %v", c.operator, c.key, c.values, c.facts, got, c.want)
		}
	}
}

func TestEveryConditionMustHold(t *testing.T) {
	const statement = `{"Effect":"%s","Action":["s3:*"],"Resource":["*"],"Condition":{
		"StringEquals":{"aws:username":"alice","jwt:groups":"ops"},"Bool":{"aws:SecureTransport":true}}}`
	all := conditions{"username": {"alice"}, "groups": {"ops"}, "SecureTransport": {"true"}}
	if got := ask(t, fmt.Sprintf(statement, "Allow"), requestFor("s3:ListBucket b", all)); got != Allow {
		t.Errorf("all conditions hold: %v", got)
	}
	for name := range all {
		facts := conditions{"username": {"alice"}, "groups": {"ops"}, "SecureTransport": {"true"}}
		facts[name] = []string{"false"}
		for effect, want := range map[string]Outcome{"Allow": ImplicitDeny, "Deny": ImplicitDeny} {
			if got := ask(t, fmt.Sprintf(statement, effect), requestFor("s3:ListBucket b", facts)); got != want {
				t.Errorf("%s, %s does not hold: %v", effect, name, got)
			}
		}
	}
	if got := ask(t, fmt.Sprintf(statement, "Deny"), requestFor("s3:ListBucket b", all)); got != ExplicitDeny {
		t.Errorf("all conditions of a deny hold: %v", got)
	}
}

func TestTagsAndVersions(t *testing.T) {
	for _, c := range []struct {
		action, key string
		facts       conditions
		want        Outcome
	}{
		{"s3:GetObject", "s3:ExistingObjectTag/Team", conditions{"ExistingObjectTag/Team": {"x"}}, Allow},
		{"s3:GetObject", "s3:ExistingObjectTag/Team", conditions{"ExistingObjectTag/team": {"x"}}, ImplicitDeny},
		{"s3:GetObject", "s3:ExistingObjectTag/a/b", conditions{"ExistingObjectTag/a/b": {"x"}}, Allow},
		{"s3:PutObject", "s3:RequestObjectTag/Team", conditions{"RequestObjectTag/Team": {"x"}}, Allow},
		{"s3:PutObject", "s3:RequestObjectTagKeys", conditions{"RequestObjectTagKeys": {"y", "x"}}, Allow},
		{"s3:GetObject", "s3:versionid", conditions{"versionid": {"x"}}, Allow},
		{"s3:PutObject", "s3:x-amz-storage-class", conditions{"X-Amz-Storage-Class": {"x"}}, Allow},
		{"s3:PutObject", "s3:object-lock-mode", conditions{"Object-Lock-Mode": {"x"}}, Allow},
		{"s3:PutObjectRetention", "s3:object-lock-mode", conditions{"object-lock-mode": {"x"}}, Allow},
	} {
		statement := fmt.Sprintf(`{"Effect":"Allow","Action":[%q],"Resource":["*"],"Condition":{"StringEquals":{%q:"x"}}}`, c.action, c.key)
		if got := ask(t, statement, requestFor(c.action+" b/o", c.facts)); got != c.want {
			t.Errorf("%s with %v: %v, want %v", c.key, c.facts, got, c.want)
		}
	}
}

func TestGroupVariables(t *testing.T) {
	p := mustParse(t, `{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::${group:bucket}/*"],
		"Condition":{"StringEqualsIgnoreCase":{"jwt:name":"${group:Who}"}}},
		{"Effect":"Deny","Action":["s3:*"],"Resource":["arn:aws:s3:::${group:bucket}-locked/*"]}`)
	if got := fmt.Sprint(p.GroupVariables()); got != "[Who bucket]" {
		t.Errorf("the group variables are %s", got)
	}
	facts := conditions{"name": {"ALICE"}}
	for _, c := range []struct {
		name, request string
		vars          map[string]string
		want          Outcome
	}{
		{"the captured bucket", "s3:GetObject photos/o", map[string]string{"bucket": "photos", "Who": "Alice"}, Allow},
		{"another bucket", "s3:GetObject other/o", map[string]string{"bucket": "photos", "Who": "Alice"}, ImplicitDeny},
		{"a capture is a literal", "s3:GetObject photos/o", map[string]string{"bucket": "*", "Who": "Alice"}, ImplicitDeny},
		{"a capture is not expanded again", "s3:GetObject ALICE/o", map[string]string{"bucket": "${jwt:name}", "Who": "Alice"}, ImplicitDeny},
		{"no capture helps no allow", "s3:GetObject photos/o", map[string]string{"Who": "Alice"}, ImplicitDeny},
		{"no capture stops no deny", "s3:GetObject photos-locked/o", nil, ExplicitDeny},
		{"a deny that no capture makes match", "s3:GetObject photos/o", nil, ImplicitDeny},
	} {
		r := requestFor(c.request, facts)
		if got := Compile(Grant{Policy: p, Vars: c.vars}).Evaluate(&r).Outcome; got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	fixed := mustParse(t, `{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::${group:bucket}/*"]}`)
	if !fixed.Unconditional() || !Compile(Grant{Policy: fixed}).Unconditional() {
		t.Error("a policy with only group variables is not unconditional")
	}
	for name, statement := range map[string]string{
		"a condition":             `{"Effect":"Allow","Action":["s3:*"],"Resource":["*"],"Condition":{"Null":{"jwt:sub":true}}}`,
		"a variable":              `{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::${aws:username}"]}`,
		"a variable in condition": `{"Effect":"Allow","Action":["s3:*"],"Resource":["*"],"Condition":{"StringEquals":{"jwt:sub":"${aws:username}"}}}`,
	} {
		p := mustParse(t, statement)
		if p.Unconditional() || Compile(Grant{Policy: p}).Unconditional() {
			t.Errorf("a policy with %s is unconditional", name)
		}
	}
}
