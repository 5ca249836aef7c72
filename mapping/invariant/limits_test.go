package invariant_test

import (
	"testing"

	"github.com/claimgate/claimgate/internal/testsupport/anymapping"
	"github.com/claimgate/claimgate/mapping/invariant"
)

// A token or a request breaks each of these invariants. The search does not find all of them, and must not say holds.
func TestABrokenInvariantNeverHolds(t *testing.T) {
	for _, test := range []struct{ mapping, invariants string }{
		{`
[[group]]
name = "g"
policies = ["p"]
[[policy]]
name="p"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::${jwt:sub}"]}]}'''
`, `
[[never]]
name="x"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::secret/x"]
`},
		{`
[[group]]
name = "g"
policies = ["p"]
[[policy]]
name="p"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::${claim:home}"]}]}'''
`, `
[[never]]
name="x"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::secret/x"]
`},
		{`
[[group]]
name = "g"
policies = ["p", "readwrite"]
[[policy]]
name="p"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::${claim:home}"]}]}'''
`, `
[[always]]
name="x"
principal="group:g"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::logs/x"]
`},
		{`
[[group]]
name = "g"
policies = ["p"]
[[policy]]
name="p"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::*"]}, {"Effect": "Deny", "Action": ["s3:*"], "NotResource": ["arn:aws:s3:::${claim:home}"]}]}'''
`, `
[[never]]
name="x"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::secret/x"]
`},
		{`
[[group]]
name = "g"
policies = ["readwrite"]
[[policy]]
name="d"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::${claim:home}"]}]}'''
[[guard]]
name="gd"
policy="d"
`, `
[[always]]
name="x"
principal="group:g"
actions=["s3:PutObject"]
resources=["arn:aws:s3:::logs/x"]
`},
		{`
[[group]]
name = "g"
policies = ["p"]
[[policy]]
name="p"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["arn:aws:s3:::${aws:username}"]}]}'''
`, `
[[never]]
name="x"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::secret/*"]
[[never]]
name="y"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::secret/*.pdf"]
[[never]]
name="z"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::*"]
`},
		{`
[claim]
name="policy"
allow=["p1","p2"]
[[policy]]
name="p1"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::*"]}]}'''
[[policy]]
name="p2"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::secret/*"]}]}'''
`, `
[[always]]
name="x"
principal="claim:policy=p1"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::*"]
`},
		{`
[[user]]
subject = "bob"
policies = ["d"]
[[user]]
subject = "eve"
policies = ["d"]
[[group]]
name = "g"
policies = ["readwrite"]
[[policy]]
name="d"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/${jwt:sub}/*"]}]}'''
`, `
[[always]]
name="x"
principal="group:g"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::b/eve/x"]
`},
		{`
[[group]]
name = "g"
policies = ["readwrite", "d"]
[[policy]]
name="d"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/${claim:home}/*"], "Condition": {"Null": {"claim:home": "false"}}}]}'''
`, `
[[always]]
name="x"
principal="group:g"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::b/logs/x"]
`},
		{`
[[group]]
name = "g"
policies = ["readwrite", "d"]
[[policy]]
name="d"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/${claim:email}/*"], "Condition": {"Null": {"jwt:email": "false"}}}]}'''
`, `
[[always]]
name="x"
principal="group:g"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::b/logs/x"]
`},
		{`
[[group]]
name = "g"
policies = ["readwrite", "d"]
[[policy]]
name="d"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/${claim:email}/*"], "Condition": {"NumericLessThan": {"jwt:email": 5}}}]}'''
`, `
[[always]]
name="x"
principal="group:g"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::b/logs/x"]
`},
		{`
[[group]]
name = "g"
policies = ["p"]
[[policy]]
name="p"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/x"], "Condition": {"Null": {"jwt:email": "true"}}}, {"Effect": "Deny", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::c/${claim:email}/*"]}]}'''
`, `
[[never]]
name="x"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::b/x"]
`},
		{`
[[group]]
name = "g"
policies = ["p"]
[[policy]]
name="p"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/x"], "Condition": {"Null": {"claim:a": "true"}}}, {"Effect": "Deny", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::c/${claim:a/b}/*"]}]}'''
`, `
[[never]]
name="x"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::b/x"]
`},
		{`
[[group]]
name = "g"
policies = ["p"]
[[policy]]
name="p"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::x/${claim:a}/y"]}, {"Effect": "Deny", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::x/${claim:a/b}/z"]}]}'''
`, `
[[never]]
name="x"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::x/eve/y"]
`},
		{`
[[group]]
name = "g"
policies = ["p"]
[[policy]]
name="p"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"], "Condition": {"StringEquals": {"aws:username": "bob"}, "Null": {"ldap:username": "true"}}}]}'''
`, `
[[never]]
name="x"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::b/*"]
`},
		{`
[[group]]
name = "g"
policies = ["readwrite", "p"]
[[policy]]
name="p"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"], "Condition": {"StringEquals": {"aws:username": "bob"}, "Null": {"ldap:username": "true"}}}]}'''
`, `
[[always]]
name="x"
principal="group:g"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::b/*"]
`},
		{`
[claim]
name="scope"
allow=["p1"]
[[policy]]
name="p1"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"], "Condition": {"StringEquals": {"jwt:scope": "v"}}}]}'''
`, `
[[never]]
name="x"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::b/*"]
`},
		{`
[claim]
name="scope"
allow=["p1"]
[[group]]
name = "g"
policies = ["d"]
[[policy]]
name="p1"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"]}]}'''
[[policy]]
name="d"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"], "Condition": {"StringEquals": {"jwt:scope": "v"}}}]}'''
`, `
[[always]]
name="x"
principal="claim:scope=p1"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::b/*"]
`},
		{`
[[group]]
name = "g"
policies = ["p"]
[[policy]]
name="p"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"]}, {"Effect": "Deny", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/${claim:a}/x"]}]}'''
`, `
[[never]]
name="x"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::b/zqx/x"]
`},
		{`
[[group]]
name = "g"
policies = ["p"]
[[policy]]
name="p"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"], "Condition": {"StringEquals": {"jwt:name": "v"}}}]}'''
`, `
[[never]]
name="x"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::b/*"]
`},
		{`
[[group]]
match = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-{x}"
policies = ["readwrite"]
`, `
[[never]]
name="x"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::b/*"]
`},
		{`
[[group]]
match = "abcdefghijklmnopqrstuvwxyz0123456789-{bucket}q{x}"
policies = ["p"]
[[policy]]
name="p"
document='''{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::${group:bucket}/*"]}]}'''
`, `
[[never]]
name="x"
actions=["s3:GetObject"]
resources=["arn:aws:s3:::*"]
`},
		// end of the table
	} {
		list, err := invariant.Parse("invariants.toml", []byte(test.invariants))
		if err != nil {
			t.Fatal(err)
		}
		m := anymapping.Load(t, "version = 1\n"+test.mapping)
		results, err := invariant.Prove(invariant.Options{Mapping: m, Judge: judge(m), Now: now, GroupsPaths: [][]string{{"groups"}, {"name"}}}, list)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if r.Verdict == invariant.Holds {
				t.Errorf("%s holds of\n%s", r.Invariant.Name, test.mapping)
			}
		}
	}
}

// An assumption that no token can have leaves nothing to try, and that is no proof.
func TestAnImpossibleAssumptionProvesNothing(t *testing.T) {
	m := anymapping.Load(t, "version = 1\n[[account]]\nname = \"velero\"\npolicies = [\"readwrite\"]\n")
	list, err := invariant.Parse("invariants.toml", []byte(nobodyReads+
		"[[always]]\nname = \"a\"\nprincipal = \"account:velero\"\nactions = [\"admin:ServerInfo\"]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		assume  []string
		refused bool
	}{
		{[]string{"jwt:sub="}, true},
		{[]string{"claim:sub="}, true},
		{[]string{"jwt:sub=a", "jwt:sub=b"}, true},
		{[]string{"jwt:sub=a", "claim:sub=b"}, true},
		{[]string{"claim:dept=x"}, false},
		{[]string{"jwt:email=x"}, false},
	} {
		results, err := invariant.Prove(invariant.Options{Mapping: m, Judge: judge(m), Now: now, Assume: test.assume}, list)
		if (err != nil) != test.refused {
			t.Errorf("%q: %v", test.assume, err)
		}
		for _, r := range results {
			if r.Verdict == invariant.Holds {
				t.Errorf("%s holds under %q", r.Invariant.Name, test.assume)
			}
		}
	}
}
