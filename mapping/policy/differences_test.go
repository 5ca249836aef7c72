package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// There is one test for each difference from MinIO's engine that README.md names. The oracle module shows how
// MinIO's engine behaves in each case.

func mustRefuse(t *testing.T, document, finding string) {
	t.Helper()
	_, err := Parse("p", []byte(document), Source{File: "p"})
	if err == nil || !strings.Contains(err.Error(), finding) {
		t.Errorf("%s\nloads, or is refused for another reason than %q: %v", document, finding, err)
	}
}

func TestD1UnknownMembersAreErrors(t *testing.T) {
	mustRefuse(t, `{"Statement":[],"Comment":"x"}`, `no member "Comment"`)
	mustRefuse(t, `{"statement":[]}`, `write "Statement"`)
	mustRefuse(t, `{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Conditions":{}}]}`, `write "Condition"`)
	mustRefuse(t, `{"Statement":[{"effect":"Allow","Action":"s3:*","Resource":"*"}]}`, `write "Effect"`)
	mustRefuse(t, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}]}`, `no member "Principal"`)
}

func TestD2OneReadingPerDocument(t *testing.T) {
	mustRefuse(t, `{"Version":"2012-10-17","Version":"2012-10-17"}`, "two members of one name")
	mustRefuse(t, `{"Statement":[{"Effect":"Allow","Effect":"Deny","Action":"s3:*","Resource":"*"}]}`, "two members of one name")
	mustRefuse(t, `{"Statement":[]} {}`, "after the JSON value")
	mustRefuse(t, `{"Id":"a","ID":"b"}`, `has "Id" and "ID"`)
}

func TestD3WhatMinIODropsOrMisreadsIsAnError(t *testing.T) {
	const (
		statement = `{"Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":[%q]}]}`
		condition = `{"Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["*"],"Condition":%s}]}`
	)
	for text, finding := range map[string]string{
		fmt.Sprintf(statement, "*x"):                                                                                   "does not begin with",
		fmt.Sprintf(statement, "arn:aws:s3:::"):                                                                        "names nothing",
		fmt.Sprintf(statement, "arn:aws:s3:::b/${jwt:department}"):                                                     "no policy variable",
		fmt.Sprintf(statement, "arn:aws:s3:::b/${s3:x-amz-content-sha256}"):                                            "no policy variable",
		fmt.Sprintf(statement, "arn:aws:s3:::b/${aws:username"):                                                        "is not closed",
		fmt.Sprintf(condition, `{"StringEquals":{}}`):                                                                  "StringEquals is empty",
		fmt.Sprintf(condition, `{"StringEquals":null}`):                                                                "StringEquals is null",
		fmt.Sprintf(condition, `{"StringEquals":{"aws:username/x":"a"}}`):                                              "no condition key",
		fmt.Sprintf(condition, `{"StringEquals":{"s3:ExistingObjectTag/":"a"}}`):                                       "no condition key",
		fmt.Sprintf(condition, `{"Bool":{"aws:SecureTransport":"TRUE"}}`):                                              `write "true" or "false"`,
		fmt.Sprintf(condition, `{"Null":{"jwt:sub":null}}`):                                                            `write "true" or "false"`,
		fmt.Sprintf(condition, `{"IpAddress":{"aws:SourceIp":"::1"}}`):                                                 "/128",
		`{"Statement":[{"Effect":"Allow","NotAction":["s3:Foo"],"Resource":["*"]}]}`:                                   "no action is called",
		`{"Statement":[{"Effect":"Allow","Action":["s3:?"],"Resource":["*"]}]}`:                                        "no action is called",
		`{"Statement":[{"Effect":"Allow","Action":["*"]}]}`:                                                            "no Resource",
		`{"Statement":[{"Effect":"Deny","Action":["*","sts:AssumeRoleWithWebIdentity"]}]}`:                             "cannot be in one statement with",
		`{"Statement":[{"Effect":"Allow","Action":["kms:CreateKey"],"NotResource":["arn:minio:kms:::k"]}]}`:            "does not read NotResource",
		`{"Statement":[{"Effect":"Allow","Action":["admin:Heal"],"Resource":["*"],"NotResource":["arn:aws:s3:::b"]}]}`: "Resource and NotResource",
	} {
		mustRefuse(t, text, finding)
	}
}

const home = `{"Effect":%q,"Action":["s3:*"],%q:["arn:aws:s3:::home/${aws:username}/*"]}`

func TestD4UnsetVariablesOpenNothing(t *testing.T) {
	for _, c := range []struct {
		effect, resource, request string
		want                      Outcome
	}{
		{"Allow", "Resource", "s3:GetObject home/alice/o", ImplicitDeny},
		{"Allow", "Resource", "s3:GetObject home/${aws:username}/o", ImplicitDeny},
		{"Allow", "NotResource", "s3:GetObject home/alice/o", ImplicitDeny},
		{"Allow", "NotResource", "s3:GetObject data/o", Allow}, // no value of the variable would exclude data/o
		{"Deny", "Resource", "s3:GetObject home/alice/o", ExplicitDeny},
		{"Deny", "Resource", "s3:GetObject data/o", ImplicitDeny}, // no value would include data/o
		{"Deny", "NotResource", "s3:GetObject home/alice/o", ExplicitDeny},
		{"Deny", "NotResource", "s3:GetObject data/o", ExplicitDeny},
	} {
		for name, facts := range map[string]conditions{"absent": nil, "empty": {"username": {""}}, "an empty list": {"username": {}}} {
			if got := ask(t, fmt.Sprintf(home, c.effect, c.resource), requestFor(c.request, facts)); got != c.want {
				t.Errorf("%s %s, %s, username %s: %v, want %v", c.effect, c.resource, c.request, name, got, c.want)
			}
		}
	}
	bucket := `{"Effect":%q,"Action":["s3:*"],"Resource":["arn:aws:s3:::${aws:username}"]}`
	if got := ask(t, fmt.Sprintf(bucket, "Deny"), requestFor("s3:ListBucket b", nil)); got != ExplicitDeny {
		t.Errorf("a deny on the user's own bucket, no user: %v", got)
	}
	if got := ask(t, fmt.Sprintf(bucket, "Deny"), requestFor("s3:GetObject b/o", conditions{"username": {"b"}})); got != ImplicitDeny {
		t.Errorf("a deny on the user's own bucket reaches its objects: %v", got)
	}
	if got := ask(t, fmt.Sprintf(bucket, "Allow"), requestFor("s3:ListBucket b", conditions{"username": {"b"}})); got != Allow {
		t.Errorf("an allow on the user's own bucket: %v", got)
	}
	suffix := `{"Effect":"Deny","Action":["s3:*"],"Resource":["arn:aws:s3:::${aws:username}-home"]}`
	if got := ask(t, suffix, requestFor("s3:ListBucket x-home", nil)); got != ExplicitDeny {
		t.Errorf("a deny on a bucket that some user has: %v", got)
	}
	inside := `{"Effect":%q,"Action":["s3:*"],"Resource":["arn:aws:s3:::home-${aws:username}"]}`
	if got := ask(t, fmt.Sprintf(inside, "Deny"), requestFor("s3:ListBucket b", nil)); got != ImplicitDeny {
		t.Errorf("a deny that no user makes match: %v", got)
	}
	for operator, want := range map[string][2]Outcome{
		"StringEquals":    {ImplicitDeny, ExplicitDeny},
		"StringNotEquals": {ImplicitDeny, ExplicitDeny},
		"StringLike":      {ImplicitDeny, ExplicitDeny},
	} {
		for i, effect := range []string{"Allow", "Deny"} {
			statement := fmt.Sprintf(`{"Effect":%q,"Action":["s3:*"],"Resource":["*"],"Condition":{%q:{"jwt:sub":["x","${aws:username}"]}}}`, effect, operator)
			if got := ask(t, statement, requestFor("s3:ListBucket b", conditions{"sub": {"alice"}})); got != want[i] {
				t.Errorf("%s %s: %v, want %v", effect, operator, got, want[i])
			}
		}
	}
}

func TestD5ValuesAreLiterals(t *testing.T) {
	for _, c := range []struct {
		username, request string
		want              Outcome
	}{
		{"alice", "s3:GetObject home/alice/o", Allow},
		{"*", "s3:GetObject home/alice/o", ImplicitDeny},
		{"*", "s3:GetObject home/*/o", Allow},
		{"al?ce", "s3:GetObject home/alice/o", ImplicitDeny},
		{"${jwt:sub}", "s3:GetObject home/victim/o", ImplicitDeny},
		{"${jwt:sub}", "s3:GetObject home/${jwt:sub}/o", Allow},
		{"a/b", "s3:GetObject home/a/b/o", Allow},
	} {
		facts := conditions{"username": {c.username}, "sub": {"victim"}}
		if got := ask(t, fmt.Sprintf(home, "Allow", "Resource"), requestFor(c.request, facts)); got != c.want {
			t.Errorf("user %s, %s: %v, want %v", c.username, c.request, got, c.want)
		}
	}
	const like = `{"Effect":"Allow","Action":["s3:*"],"Resource":["*"],"Condition":{"StringLike":{"s3:prefix":"home/${aws:username}/*"}}}`
	if got := ask(t, like, requestFor("s3:ListBucket b", conditions{"username": {"*"}, "prefix": {"home/bob/"}})); got != ImplicitDeny {
		t.Errorf("a user named * lists another's home: %v", got)
	}
}

func TestD6WideActions(t *testing.T) {
	for _, c := range []struct {
		statement, request string
		want               Outcome
	}{
		{`"Allow","Action":["*"],"Resource":["arn:aws:s3:::b/*"]`, "s3:GetObject b/o", Allow},
		{`"Allow","Action":["*"],"Resource":["arn:aws:s3:::b/*"]`, "s3:GetObject c/o", ImplicitDeny},
		{`"Allow","Action":["*"],"Resource":["*"]`, "admin:Heal", ImplicitDeny},
		{`"Allow","Action":["*"],"NotResource":["arn:aws:s3:::b/*"]`, "s3:GetObject c/o", Allow},
		{`"Allow","Action":["*:*"],"Resource":["*"]`, "kms:Status", ImplicitDeny},
		{`"Allow","Action":["*:*"],"Resource":["*"]`, "s3:GetObject c/o", Allow},
		{`"Allow","Action":["*:*"],"Resource":["*"]`, "s3tables:GetTable c", ImplicitDeny},
		{`"Allow","Action":["s*"],"Resource":["*"]`, "sts:AssumeRoleWithWebIdentity", ImplicitDeny},
		{`"Allow","NotAction":["s3:PutObject"],"Resource":["*"]`, "s3:GetObject b/o", Allow},
		{`"Allow","NotAction":["s3:PutObject"],"Resource":["*"]`, "admin:Heal", ImplicitDeny},
		{`"Allow","NotAction":["s3:PutObject"],"Resource":["*"]`, "kms:CreateKey k", ImplicitDeny},
		{`"Allow","NotAction":["s3:PutObject"],"Resource":["*"]`, "admin:FutureAction", ImplicitDeny},
		{`"Deny","Action":["*"],"Resource":["arn:aws:s3:::b/*"]`, "s3:GetObject c/o", ExplicitDeny}, // as in MinIO
		{`"Deny","Action":["*"]`, "admin:Heal", ExplicitDeny},
		{`"Deny","Action":["*"]`, "anything", ExplicitDeny},
		{`"Deny","Action":["*:*"],"Resource":["*"]`, "admin:Heal", ExplicitDeny},
		{`"Deny","Action":["*:*"],"Resource":["arn:aws:s3:::b/*"]`, "admin:Heal", ImplicitDeny},
		{`"Deny","NotAction":["s3:*"],"Resource":["*"]`, "admin:Heal", ExplicitDeny},
		{`"Deny","NotAction":["s3:*"],"Resource":["*"]`, "s3:GetObject b/o", ImplicitDeny},
	} {
		if got := ask(t, `{"Effect":`+c.statement+`}`, requestFor(c.request, nil)); got != c.want {
			t.Errorf("%s, %s: %v, want %v", c.statement, c.request, got, c.want)
		}
	}
}

func TestD7PathsAreNotCleaned(t *testing.T) {
	const statement = `{"Effect":%q,"Action":["s3:*"],"Resource":["arn:aws:s3:::b/o"]}`
	for object, want := range map[string]Outcome{
		"o": Allow, "/o": ImplicitDeny, "o/": ImplicitDeny, "x/../o": ImplicitDeny, "./o": ImplicitDeny, "../b/o": ImplicitDeny,
	} {
		if got := ask(t, fmt.Sprintf(statement, "Allow"), Request{Action: "s3:GetObject", Bucket: "b", Object: object}); got != want {
			t.Errorf("%q: %v, want %v", object, got, want)
		}
	}
	if got := ask(t, fmt.Sprintf(statement, "Allow"), Request{Action: "s3:GetObject", Bucket: "c", Object: "../b/o"}); got != ImplicitDeny {
		t.Errorf("a grant on b/o reaches the bucket c: %v", got)
	}
}

func TestD8ExactNamesAndOneValue(t *testing.T) {
	const statement = `{"Effect":"Allow","Action":["s3:*"],"Resource":["*"],"Condition":{%q:{%q:%q}}}`
	for _, c := range []struct {
		operator, key, value string
		facts                conditions
		want                 Outcome
	}{
		{"IpAddress", "aws:SourceIp", "10.0.0.0/8", conditions{"SourceIp": {"192.0.2.1"}, "Sourceip": {"10.0.0.1"}}, ImplicitDeny},
		{"IpAddress", "aws:SourceIp", "10.0.0.0/8", conditions{"SourceIp": {"192.0.2.1", "10.0.0.1"}}, ImplicitDeny},
		{"NotIpAddress", "aws:SourceIp", "10.0.0.0/8", conditions{"SourceIp": {"10.0.0.1", "x"}}, ImplicitDeny},
		{"StringEquals", "aws:username", "root", conditions{"username": {"alice", "root"}}, ImplicitDeny},
		{"StringEquals", "aws:groups", "admins", conditions{"Groups": {"admins"}}, ImplicitDeny},
		{"StringEquals", "aws:groups", "admins", conditions{"groups": {"users", "admins"}}, Allow},
		{"StringLike", "s3:prefix", "mine/*", conditions{"prefix": {"all/", "mine/x"}, "Prefix": {"mine/x"}}, ImplicitDeny},
		{"StringEquals", "s3:versionid", "v1", conditions{"versionid": {"v2", "v1"}}, ImplicitDeny},
		{"StringEquals", "s3:x-amz-storage-class", "COLD", conditions{"x-amz-storage-class": {"COLD"}}, ImplicitDeny},
		{"StringEquals", "s3:object-lock-mode", "M", conditions{"object-lock-mode": {"M"}, "Object-Lock-Mode": {"M"}}, Allow},
		{"StringEquals", "s3:object-lock-mode", "M", conditions{"object-lock-mode": {"M"}, "Object-Lock-Mode": {"X"}}, ImplicitDeny},
		{"StringNotEquals", "s3:object-lock-mode", "Z", conditions{"object-lock-mode": {"M"}, "Object-Lock-Mode": {"X"}}, ImplicitDeny},
	} {
		if got := ask(t, fmt.Sprintf(statement, c.operator, c.key, c.value), requestFor("s3:ListBucket b", c.facts)); got != c.want {
			t.Errorf("%s %s with %v: %v, want %v", c.operator, c.key, c.facts, got, c.want)
		}
	}
}

func TestD9UnreadableValuesOpenNothing(t *testing.T) {
	const statement = `{"Effect":%q,"Action":["s3:*"],"Resource":["*"],"Condition":{%q:{%q:%s}}}`
	for _, c := range []struct{ operator, key, value, name, found string }{
		{"IpAddress", "aws:SourceIp", `"10.0.0.0/8"`, "SourceIp", "x"},
		{"NotIpAddress", "aws:SourceIp", `"10.0.0.0/8"`, "SourceIp", "10.0.0.1:80"},
		{"NotIpAddress", "aws:SourceIp", `"fe80::/10"`, "SourceIp", "fe80::1%eth0"},
		{"NumericLessThan", "s3:max-keys", `5`, "max-keys", "many"},
		{"NumericNotEquals", "s3:max-keys", `5`, "max-keys", ""},
		{"DateLessThan", "aws:CurrentTime", `"2026-01-01T00:00:00Z"`, "CurrentTime", "2026-01-01"},
		{"Bool", "aws:SecureTransport", `false`, "SecureTransport", "FALSE"},
	} {
		facts := conditions{c.name: {c.found}}
		for effect, want := range map[string]Outcome{"Allow": ImplicitDeny, "Deny": ExplicitDeny} {
			if got := ask(t, fmt.Sprintf(statement, effect, c.operator, c.key, c.value), requestFor("s3:ListBucket b", facts)); got != want {
				t.Errorf("%s %s with %q: %v, want %v", effect, c.operator, c.found, got, want)
			}
		}
	}
}

func TestD10QualifiedNegations(t *testing.T) {
	const statement = `{"Effect":%q,"Action":["s3:*"],"Resource":["*"],"Condition":{%q:{"jwt:groups":"x"}}}`
	both, neither, one := [2]Outcome{Allow, ExplicitDeny}, [2]Outcome{ImplicitDeny, ImplicitDeny}, [2]Outcome{ImplicitDeny, ExplicitDeny}
	for _, c := range []struct {
		operator string
		groups   []string
		want     [2]Outcome
	}{
		{"ForAllValues:StringNotEquals", []string{"a", "b"}, both},
		{"ForAllValues:StringNotEquals", []string{"x"}, neither},
		{"ForAllValues:StringNotEquals", []string{"a", "x"}, one}, // MinIO says yes, AWS no
		{"ForAllValues:StringNotEquals", nil, one},                // MinIO says no, AWS yes
		{"ForAnyValue:StringNotEquals", []string{"a", "b"}, both},
		{"ForAnyValue:StringNotEquals", []string{"x"}, neither},
		{"ForAnyValue:StringNotEquals", []string{"a", "x"}, one}, // MinIO says no, AWS yes
		{"ForAnyValue:StringNotEquals", nil, one},                // MinIO says yes, AWS no
	} {
		for i, effect := range []string{"Allow", "Deny"} {
			if got := ask(t, fmt.Sprintf(statement, effect, c.operator), requestFor("s3:ListBucket b", conditions{"groups": c.groups})); got != c.want[i] {
				t.Errorf("%s %s with %v: %v, want %v", effect, c.operator, c.groups, got, c.want[i])
			}
		}
	}
}

func TestD11EmptyListsAreAbsent(t *testing.T) {
	for operator, want := range map[string]Outcome{"StringEquals": ImplicitDeny, "StringNotEquals": Allow, "ForAllValues:StringEquals": Allow} {
		statement := fmt.Sprintf(`{"Effect":"Allow","Action":["s3:*"],"Resource":["*"],"Condition":{%q:{"jwt:groups":"x"}}}`, operator)
		if got := ask(t, statement, requestFor("s3:ListBucket b", conditions{"groups": {}})); got != want {
			t.Errorf("%s with an empty list: %v, want %v", operator, got, want)
		}
	}
}

func TestD12UnlistedActionsCanBeNamed(t *testing.T) {
	for _, action := range []string{"admin:ForceUnlock", "admin:InspectData", "admin:PoolList"} {
		if got := ask(t, fmt.Sprintf(`{"Effect":"Deny","Action":[%q]}`, action), requestFor(action, nil)); got != ExplicitDeny {
			t.Errorf("a deny of %s: %v", action, got)
		}
	}
}

func TestD13SeveralValuesAreNoValueOfAVariable(t *testing.T) {
	const allow = `{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::homes/${jwt:preferred_username}/*"]}`
	const deny = `{"Effect":"Allow","Action":["s3:*"],"Resource":["*"]},{"Effect":"Deny","Action":["s3:*"],"Resource":["arn:aws:s3:::homes/${jwt:preferred_username}/*"]}`
	for _, c := range []struct {
		statements string
		values     []string
		want       Outcome
	}{
		{allow, []string{"bob"}, Allow},
		{allow, []string{"bob", "carol"}, ImplicitDeny},
		{deny, []string{"carol", "bob"}, ExplicitDeny},
		{deny, []string{"carol"}, Allow},
	} {
		if got := ask(t, c.statements, requestFor("s3:GetObject homes/bob/o", conditions{"preferred_username": c.values})); got != c.want {
			t.Errorf("%s with %v: %v, want %v", c.statements, c.values, got, c.want)
		}
	}
}

// claims holds the values of claim keys as JSON texts.
type claims map[string][]string

func (c claims) Values(key string) []string { return c[key] }

func TestD14ClaimsHaveTypes(t *testing.T) {
	const met, not, unknown = "holds", "does not hold", "unknown"
	for _, c := range []struct {
		condition string
		texts     []string
		want      string
	}{
		{`"StringEquals":{"claim:acr":"mfa"}`, []string{`"mfa"`}, met},
		{`"StringEquals":{"claim:acr":"mfa"}`, []string{`"m\u0066a"`}, met},
		{`"StringEquals":{"claim:acr":"mfa"}`, []string{`"pwd"`}, not},
		{`"StringEquals":{"claim:acr":"mfa"}`, nil, not},
		{`"StringNotEquals":{"claim:acr":"mfa"}`, nil, met},
		{`"StringEquals":{"claim:acr":"3"}`, []string{`3`}, unknown},
		{`"StringNotEquals":{"claim:acr":"3"}`, []string{`3`}, unknown},
		{`"StringEquals":{"claim:acr":"{}"}`, []string{`{}`}, unknown},
		{`"StringEquals":{"claim:amr":"mfa"}`, []string{`"pwd"`, `"mfa"`}, met},
		{`"StringEquals":{"claim:amr":"mfa"}`, []string{`"pwd"`, `3`}, unknown},
		{`"ForAllValues:StringEquals":{"claim:amr":["mfa","pwd"]}`, []string{`"pwd"`, `"mfa"`}, met},
		{`"NumericGreaterThanEquals":{"claim:level":3}`, []string{`3`}, met},
		{`"NumericGreaterThanEquals":{"claim:level":3}`, []string{`2`}, not},
		{`"NumericGreaterThanEquals":{"claim:level":3}`, []string{`"3"`}, unknown},
		{`"NumericGreaterThanEquals":{"claim:level":3}`, []string{`3.5`}, unknown},
		{`"NumericEquals":{"claim:level":3}`, []string{`3`, `4`}, unknown},
		{`"NumericEquals":{"claim:level":3}`, nil, not},
		{`"NumericGreaterThanIfExists":{"claim:level":3}`, nil, met},
		{`"Bool":{"claim:verified":true}`, []string{`true`}, met},
		{`"Bool":{"claim:verified":true}`, []string{`false`}, not},
		{`"Bool":{"claim:verified":true}`, []string{`"true"`}, unknown},
		{`"DateLessThan":{"claim:until":"2027-01-01T00:00:00Z"}`, []string{`"2026-01-01T00:00:00Z"`}, met},
		{`"DateLessThan":{"claim:until":"2027-01-01T00:00:00Z"}`, []string{`"soon"`}, unknown},
		{`"DateLessThan":{"claim:until":"2027-01-01T00:00:00Z"}`, []string{`1`}, unknown},
		{`"Null":{"claim:acr":true}`, nil, met},
		{`"Null":{"claim:acr":true}`, []string{`{}`}, not},
	} {
		key := Compile(Grant{Policy: mustParse(t, `{"Effect":"Allow","Action":["s3:*"],"Resource":["*"],"Condition":{`+c.condition+`}}`)})
		deny := Compile(Grant{Policy: mustParse(t, `{"Effect":"Allow","Action":["s3:*"],"Resource":["*"]},{"Effect":"Deny","Action":["s3:*"],"Resource":["*"],"Condition":{`+c.condition+`}}`)})
		r := requestFor("s3:GetObject b/o", nil)
		facts := claims{}
		for _, name := range []string{"acr", "amr", "level", "verified", "until"} {
			facts["claim:"+name] = c.texts
		}
		r.Context = facts
		got := not
		switch allowed, denied := key.Evaluate(&r).Allowed(), !deny.Evaluate(&r).Allowed(); {
		case allowed && denied:
			got = met
		case denied:
			got = unknown
		case allowed:
			t.Errorf("%s of %v opens an Allow and stops no Deny", c.condition, c.texts)
		}
		if got != c.want {
			t.Errorf("%s of %v %s, want: %s", c.condition, c.texts, got, c.want)
		}
	}
}

// The value of a variable is one string. A claim of another type counts as absent.
func TestD14AVariableIsOneString(t *testing.T) {
	const home = `{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::homes/${claim:unix/name}/*"]}`
	for _, c := range []struct {
		texts []string
		want  Outcome
	}{
		{[]string{`"bob"`}, Allow},
		{nil, ImplicitDeny},
		{[]string{`"bob"`, `"bob"`}, ImplicitDeny},
		{[]string{`true`}, ImplicitDeny},
		{[]string{`{}`}, ImplicitDeny},
		{[]string{`"*"`}, ImplicitDeny},
	} {
		r := requestFor("s3:GetObject homes/bob/o", nil)
		r.Context = claims{"claim:unix/name": c.texts}
		if got := ask(t, home, r); got != c.want {
			t.Errorf("%v: %v, want %v", c.texts, got, c.want)
		}
	}
}

func TestClaimKeys(t *testing.T) {
	for key, want := range map[string][]string{
		"acr": {"acr"}, "a/b": {"a", "b"}, "https:~1~1x/y": {"https://x", "y"}, "a~0b": {"a~b"}, "a.b": {"a.b"},
		"": nil, "/a": nil, "a/": nil, "a//b": nil, "a~b": nil, "a~2": nil,
	} {
		path, ok := ClaimPath(key)
		if ok != (want != nil) || ok && !slices.Equal(path, want) {
			t.Errorf("%q: %q %v, want %q", key, path, ok, want)
		}
		if ok && ClaimKey(path) != key {
			t.Errorf("%q is written %q", key, ClaimKey(path))
		}
	}
	for _, key := range []string{"claim:", "claim:a//b", "claim:${x}"} {
		if _, err := Parse("p", []byte(`{"Statement":[{"Effect":"Deny","Action":["s3:*"],"Resource":["*"],"Condition":{"StringEquals":{"`+key+`":"x"}}}]}`), Source{}); err == nil {
			t.Errorf("%s is accepted", key)
		}
	}
}
