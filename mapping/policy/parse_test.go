package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFindingsSayWhereWhatAndHow(t *testing.T) {
	const (
		one  = `{"Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"]%s}]}`
		cond = `{"Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["*"],"Condition":{%s}}]}`
		st   = `{"Statement":[{"Effect":"Allow",%s}]}`
	)
	for _, c := range []struct{ document, want string }{
		{``, `p:1:1: the document is not valid JSON: there is no JSON value: correct the JSON at this place`},
		{`{`, `p:1:2: the document is not valid JSON`},
		{`[]`, `p:1:1: a policy is an object, not a list: write {"Version": "2012-10-17", "Statement": [...]}`},
		{`null`, `a policy is an object, not null`},
		{`{"Version":"2008-10-17"}`, `p:1:12: version "2008-10-17" is not known: write "2012-10-17"`},
		{`{"Version":1}`, `Version is a string, not a number`},
		{`{"Id":[]}`, `Id is a string, not a list`},
		{`{"Statement":{}}`, `Statement is a list, not an object: write [ ] around it`},
		{`{"Statement":[7]}`, `p:1:15: a statement is an object, not a number`},
		{`{"Statemen":[]}`, `p:1:2: a policy has no member "Statemen": write "Statement", or remove it`},
		{`{"X":[]}`, `remove it; a policy has Version, Id, ID and Statement`},
		{fmt.Sprintf(one, `,"Sid":5`), `Sid is a string, not a number`},
		{`{"Statement":[{"Effect":"allow","Action":"s3:*","Resource":"*"}]}`, `Effect is "allow": write "Allow" or "Deny"`},
		{`{"Statement":[{"Action":"s3:*","Resource":"*"}]}`, `p:1:15: the statement has no Effect`},
		{`{"Statement":[{"Effect":{"a":"` + strings.Repeat("b", 99) + `"},"Action":"s3:*","Resource":"*"}]}`, `Effect is an object`},
		{fmt.Sprintf(st, `"Resource":"*"`), `the statement has no Action`},
		{fmt.Sprintf(st, `"Action":"s3:*","NotAction":"s3:*","Resource":"*"`), `Action and NotAction: write two statements`},
		{fmt.Sprintf(st, `"Action":[],"Resource":"*"`), `Action is an empty list`},
		{fmt.Sprintf(st, `"Action":null,"Resource":"*"`), `Action is null: write a list of strings`},
		{fmt.Sprintf(st, `"Action":["s3:GetObject",5],"Resource":"*"`), `Action contains a number`},
		{fmt.Sprintf(st, `"Action":["s3:GetObjet"],"Resource":"*"`), `no action is called "s3:GetObjet": write "s3:GetObject"`},
		{fmt.Sprintf(st, `"Action":["S3:GETOBJECT"],"Resource":"*"`), `write "s3:GetObject"`},
		{fmt.Sprintf(st, `"Action":["s3:Zz*"],"Resource":"*"`), `no action is called "s3:Zz*"`},
		{fmt.Sprintf(st, `"Action":["ec2:StartInstances"],"Resource":"*"`), `no action is called "ec2:StartInstances": see the list of actions`},
		{fmt.Sprintf(st, `"Action":["admin:Server*"]`), `"admin:Server*" matches several admin actions: name them one by one, or write "admin:*"`},
		{fmt.Sprintf(st, `"Action":["sts:*"]`), `"sts:*" matches several sts actions: name them one by one: MinIO has no pattern`},
		{fmt.Sprintf(st, `"Action":["ad*"]`), `"ad*" matches several actions, and no s3 action: name them one by one`},
		{fmt.Sprintf(st, `"Action":["*Heal"],"Resource":"*"`), `"*Heal" matches several`},
		{fmt.Sprintf(st, `"Action":["s3:GetObject","admin:Heal"],"Resource":"*"`), `"admin:Heal" cannot be in one statement with "s3:GetObject"`},
		{fmt.Sprintf(st, `"Action":["kms:Status","admin:Heal"]`), `"admin:Heal" cannot be in one statement with "kms:Status"`},
		{fmt.Sprintf(st, `"Action":["*","s3:GetObject"],"Resource":"*"`), `"s3:GetObject" cannot be in one statement with "*"`},
		{fmt.Sprintf(st, `"Action":["s3:GetObject"]`), `the statement has no Resource`},
		{fmt.Sprintf(st, `"NotAction":["admin:Heal"]`), `the statement has no Resource`},
		{fmt.Sprintf(st, `"Action":["s3:GetObject"],"Resource":[]`), `Resource is an empty list`},
		{fmt.Sprintf(st, `"Action":["s3:*"],"Resource":["b/*"]`), `resource "b/*" does not begin with "arn:aws:s3:::": write "arn:aws:s3:::NAME", or a bare "*"`},
		{fmt.Sprintf(st, `"Action":["s3:*"],"Resource":["arn:minio:kms:::k"]`), `does not begin with "arn:aws:s3:::"`},
		{fmt.Sprintf(st, `"Action":["s3:*"],"Resource":["arn:aws:s3:::/b"]`), `begins with a slash matches no bucket: remove the slash`},
		{fmt.Sprintf(st, `"Action":["kms:*"],"Resource":["arn:aws:s3:::b"]`), `does not begin with "arn:minio:kms:::"`},
		{fmt.Sprintf(st, `"Action":["kms:*"],"Resource":["arn:minio:kms:::a/b"]`), `the name of a kms key cannot contain a slash`},
		{fmt.Sprintf(st, `"Action":["s3:*"],"Resource":["arn:aws:s3:::${jwt:emial}"]`), `there is no policy variable "${jwt:emial}": write "${jwt:email}"`},
		{fmt.Sprintf(st, `"Action":["s3:*"],"Resource":["arn:aws:s3:::${group:}"]`), `there is no policy variable "${group:}"`},
		{fmt.Sprintf(st, `"Action":["s3:*"],"Resource":["arn:aws:s3:::${group:a b}"]`), `use one of the condition keys`},
		{fmt.Sprintf(one, `,"Condition":{}`), `Condition is empty`},
		{fmt.Sprintf(one, `,"Condition":null`), `Condition is null`},
		{fmt.Sprintf(one, `,"Condition":{"StringEquals":{"s3:prefix":"x"}}`), `MinIO does not support "s3:prefix" for "s3:GetObject"`},
		{fmt.Sprintf(cond, `"StringEqual":{"jwt:sub":"x"}`), `there is no condition operator "StringEqual": write "StringEquals"`},
		{fmt.Sprintf(cond, `"ForAllValues:StringLik":{"jwt:sub":"x"}`), `write "ForAllValues:StringLike"`},
		{fmt.Sprintf(cond, `"ArnEquals":{"jwt:sub":"x"}`), `use one of BinaryEquals, `},
		{fmt.Sprintf(cond, `"StringEqualsIfExists":{"jwt:sub":"x"}`), `MinIO has only NumericGreaterThanIfExists`},
		{fmt.Sprintf(cond, `"StringEquals":{"aws:sourceip":"x"}`), `there is no condition key "aws:sourceip": write "aws:SourceIp"`},
		{fmt.Sprintf(cond, `"StringEquals":{"jwt:department":"x"}`), `write "claim:department"`},
		{fmt.Sprintf(cond, `"IpAddress":{"aws:username":"10.0.0.1"}`), `IpAddress works on aws:SourceIp only`},
		{fmt.Sprintf(cond, `"Bool":{"jwt:sub":"true"}`), `Bool works on aws:SecureTransport only`},
		{fmt.Sprintf(cond, `"StringEquals":{"jwt:sub":[]}`), `StringEquals has 0 values`},
		{fmt.Sprintf(cond, `"NumericEquals":{"s3:max-keys":[1,2]}`), `NumericEquals has 2 values: write one value`},
		{fmt.Sprintf(cond, `"StringEquals":{"jwt:sub":["a","a"]}`), `the value "a" is in the list twice`},
		{fmt.Sprintf(cond, `"StringEquals":{"jwt:sub":5}`), `has the value 5: write a string`},
		{fmt.Sprintf(cond, `"NumericEquals":{"s3:max-keys":"many"}`), `write a whole number`},
		{fmt.Sprintf(cond, `"NumericEquals":{"s3:max-keys":1.5}`), `write a whole number`},
		{fmt.Sprintf(cond, `"DateEquals":{"aws:CurrentTime":"2026-01-01"}`), `write a time such as`},
		{fmt.Sprintf(cond, `"IpAddress":{"aws:SourceIp":"10.0.0.0/33"}`), `write an address or a network`},
		{fmt.Sprintf(cond, `"BinaryEquals":{"jwt:sub":"YQ"}`), `write base64 with its padding`},
		{fmt.Sprintf(cond, `"StringEquals":{"s3:x-amz-copy-source":"b"}`), `write a bucket's name, a slash and an object`},
		{fmt.Sprintf(cond, `"StringLike":{"s3:x-amz-copy-source":"10.0.0.1/o"}`), `write a bucket's name`},
		{fmt.Sprintf(cond, `"StringEquals":{"s3:x-amz-metadata-directive":"copy"}`), `write "COPY" or "REPLACE"`},
		{fmt.Sprintf(cond, `"StringEquals":{"s3:x-amz-server-side-encryption":"aes"}`), `write "AES256" or "aws:kms"`},
		{fmt.Sprintf(cond, `"StringEquals":{"s3:x-amz-server-side-encryption-customer-algorithm":"aws:kms"}`), `write "AES256"`},
		{fmt.Sprintf(cond, `"StringEquals":{"s3:x-amz-content-sha256":""}`), `write a digest`},
		{`{"Statement":[{"Effect":"Deny","Action":["*"],"Condition":{"Null":{"jwt:sub":true}}}]}`, `MinIO does not support "jwt:sub" for "*"`},
		{fmt.Sprintf(st, `"Action":["*"],"Resource":"*","Condition":{"Null":{"jwt:sub":true}}`), `MinIO does not support "jwt:sub" for "*"`},
		{`{"Statement":[{"Effect":"Deny","Action":["admin:Heal"],"Condition":{"Null":{"s3:prefix":true}}}]}`, `MinIO does not support "s3:prefix" for "admin:Heal"`},
		{`{"Statement":[{"Effect":"Deny","Action":["sts:AssumeRoleWithWebIdentity"],"Condition":{"Null":{"jwt:sub":true}}}]}`, `MinIO does not support "jwt:sub"`},
	} {
		p, err := Parse("p", []byte(c.document), Source{File: "p"})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n got: %v\nwant: %s", c.document, err, c.want)
		}
		if p != nil {
			t.Errorf("%s: there is a policy in spite of an error", c.document)
		}
	}
}

func TestAllFindingsInTheirOrder(t *testing.T) {
	document := "{\"Version\": \"2012\",\n \"Statement\": [\n" +
		"  {\"Effect\": \"Permit\", \"Action\": [\"s3:Foo\"]},\n" +
		"  {\"Effect\": \"Allow\", \"Action\": [\"s3:*\"],\n   \"Resource\": [\"b\", \"c\"], \"Conditions\": {}}\n]}"
	_, err := Parse("p", []byte(document), Source{File: "team.json", Line: 40})
	var all Errors
	if !errors.As(err, &all) {
		t.Fatalf("%T is not Errors", err)
	}
	var got []string
	for _, e := range all {
		got = append(got, e.Pos.String())
	}
	want := []string{"team.json:40:13", "team.json:42:14", "team.json:42:35", "team.json:44:17", "team.json:44:22", "team.json:44:28"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the findings stand at (-want +got):\n%s\n%v", diff, err)
	}
	var first *Error
	if !errors.As(err, &first) || first != all[0] {
		t.Error("errors.As does not find a single finding")
	}
	if lines := strings.Split(err.Error(), "\n"); len(lines) != len(all) {
		t.Errorf("%d findings are printed in %d lines", len(all), len(lines))
	}
	if got := (&Error{Pos: Position{"f", 1, 2}, Msg: "m"}).Error(); got != "f:1:2: m" {
		t.Errorf("a finding without a fix reads %q", got)
	}
}

// The findings of one line stand in the order of their columns: a member that is missing comes before what is wrong in
// the members that are there.
func TestTheFindingsOfALineInTheirOrder(t *testing.T) {
	for _, document := range []string{
		`{"Statement":[{"Effect":"Permit","Action":["s3:GetObject"]}],"Version":"2012","Foo":1}`,
		`{"Foo":1,"Statement":[{"Action":["s3:Foo"],"Resource":["b"]}],"Version":"2012"}`,
	} {
		_, err := Parse("p", []byte(document), Source{File: "f", Line: 1})
		var all Errors
		if !errors.As(err, &all) || len(all) < 3 {
			t.Fatalf("%v", err)
		}
		if !slices.IsSortedFunc(all, func(a, b *Error) int { return a.Pos.Column - b.Pos.Column }) {
			t.Errorf("%v", err)
		}
	}
}

func TestDocumentsThatLoad(t *testing.T) {
	for _, document := range []string{
		`{}`,
		`{"Version":"","Statement":null}`,
		`{"Version":null,"Id":null}`,
		`{"ID":"x","Version":"2012-10-17","Statement":[]}`,
		`{"Statement":[{"Sid":"","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}`,
		`{"Statement":[{"Effect":"Deny","NotAction":["s3:*","admin:*","sts:*","*"],"NotResource":["*"],"Condition":{"Null":{"svc:DurationSeconds":true}}}]}`,
		`{"Statement":[{"Effect":"Allow","Action":["admin:CreateServiceAccount"],"Condition":{"NumericLessThan":{"svc:DurationSeconds":3600}}}]}`,
		`{"Statement":[{"Effect":"Allow","Action":["kms:CreateKey"],"Condition":{"Null":{"s3:prefix":true}}}]}`,
		`{"Statement":[{"Effect":"Deny","Action":["*"],"Condition":{"NumericLessThan":{"sts:DurationSeconds":3600}}}]}`,
		`{"Statement":[{"Effect":"Deny","Action":["sts:AssumeRoleWithWebIdentity"],"Condition":{"Null":{"sts:DurationSeconds":true}}}]}`,
		`{"Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":"*","Condition":{"Null":{"svc:DurationSeconds":true,"sts:DurationSeconds":true}}}]}`,
		`{"Statement":[{"Effect":"Allow","Action":["s3:List*"],"Resource":"*","Condition":{"StringLike":{"s3:prefix":"*"}}}]}`,
		`{"Statement":[{"Effect":"Allow","Action":["*:*"],"Resource":"*","Condition":{"StringLike":{"s3:x-amz-copy-source":"/bucket/*"}}}]}`,
	} {
		if _, err := Parse("p", []byte(document), Source{}); err != nil {
			t.Errorf("%s: %v", document, err)
		}
	}
}

func TestStatementsAsWritten(t *testing.T) {
	p, err := Parse("p", []byte(`{"Statement":[
 {"Sid":"read","Effect":"Allow","Action":["s3:Get*"],"Resource":["arn:aws:s3:::b/*"],"Condition":{"StringLike":{"aws:username":"a*"}}},
 {"Effect":"Deny","NotAction":"s3:GetObject","NotResource":["arn:aws:s3:::b${jwt:sub}"]},
 {"Effect":"Allow","Action":["admin:Heal"],"Resource":["arn:aws:s3:::x"]}]}`), Source{File: "f"})
	if err != nil {
		t.Fatal(err)
	}
	got := p.Statements()
	want := []Statement{
		{Sid: "read", Pos: Position{"f", 2, 2}, Actions: []string{"s3:Get*"}, Resources: []string{"arn:aws:s3:::b/*"}, Conditions: []string{"StringLike aws:username"}, Reads: []string{"aws:username"}},
		{Deny: true, Pos: Position{"f", 3, 2}, NotActions: []string{"s3:GetObject"}, NotResources: []string{"arn:aws:s3:::b${jwt:sub}"}, Reads: []string{"jwt:sub"}},
		{Pos: Position{"f", 4, 2}, Actions: []string{"admin:Heal"}, Resources: []string{"arn:aws:s3:::x"}},
	}
	for i := range want {
		want[i].known = got[i].known
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Statement{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, c := range []struct {
		statement int
		action    string
		want      bool
	}{
		{0, "s3:GetObject", true},
		{0, "s3:PutObject", false},
		{0, "s3:Get*", false},
		{1, "s3:GetObject", false},
		{1, "admin:Heal", true},
		{2, "admin:Heal", true},
	} {
		if got[c.statement].Covers(c.action) != c.want {
			t.Errorf("statement %d covers %s: %t", c.statement, c.action, !c.want)
		}
	}
}

func TestNamesThatPoliciesMayUse(t *testing.T) {
	if n := len(Actions()); n != 154 || Actions()[0] != "admin:AddUserToGroup" {
		t.Errorf("%d actions, the first %s", n, Actions()[0])
	}
	if n := len(Operators()); n != 24 {
		t.Errorf("%d operators", n)
	}
	if n := len(ConditionKeys()); n != 59 {
		t.Errorf("%d condition keys", n)
	}
	if n := len(Variables()); n != 39 {
		t.Errorf("%d variables", n)
	}
	Actions()[0], Variables()[0] = "changed", "changed"
	if Actions()[0] == "changed" || Variables()[0] == "changed" {
		t.Error("a caller can change the tables")
	}
	for f, want := range map[string]family{"s3:x": s3Family, "admin:x": adminFamily, "kms:x": kmsFamily, "sts:x": stsFamily, "x:y": noFamily, "s3": noFamily} {
		if familyOf(f) != want {
			t.Errorf("%s is of the family %v", f, familyOf(f))
		}
	}
}
