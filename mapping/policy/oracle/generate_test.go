package oracle

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping/policy"
)

// generator makes test cases from small pools of values, so that documents and requests often match. The
// cases depend only on the seed.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator {
	return generator{rand.New(rand.NewPCG(seed, 0x636c61696d676174))}
}

func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g generator, from ...T) T { return from[g.IntN(len(from))] }

var (
	buckets = []string{"b", "bb", "b2", "home", "logs-1", "alice"}
	objects = []string{
		"", "o", "oo", "o1", "alice", "alice/x", "bob/x", "a/b/c", "a*", "é", "x${jwt:sub}", "..a", "a/.b", "*", "a?c",
	}
	uncleanObjects = []string{"o/", "/o", "x/../o", "a//b", "./o", "../b/o", "alice/"}

	names    = []string{"alice", "bob", "o", "b", "x", "home", "ALICE", "é"}
	specials = []string{"*", "a*", "?", "al?ce", "${jwt:sub}", "${aws:username}", "$"}

	instants = []string{"2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "2026-06-01T00:00:00Z", "2025-01-01T00:00:00.5Z"}
	addrs    = []string{"10.1.2.3", "192.168.0.9", "::1", "2001:db8::5", "::ffff:10.1.2.3"}
	networks = []string{
		"10.0.0.0/8", "10.1.2.3", "10.9.9.9/8", "192.168.0.0/24", "::1/128", "2001:db8::/32", "::/0", "0.0.0.0/0",
		"::ffff:10.0.0.0/104",
	}
	unreadable = []string{"", "x", "10.1.2.3:80", "1e3", "2026-01-01", "TRUE", "fe80::1%eth0", "99999999999999999999"}

	actionPatterns = []string{
		"s3:*", "s3:*Object", "s3:Get*", "s3:Put*", "s3:List*", "s3:?etObject", "s3:*Tagging", "s3:GetObjectV*",
		"s3:*Retention", "s3:**",
	}
	wideActions    = []string{"*", "*:*", "**", "s*", "*GetObject", "*Bucket", "s3*"}
	notActions     = []string{"s3:Put*", "s3:GetObject", "s3:GetObjectVersion", "admin:*", "admin:Heal", "kms:*", "*", "s3:*", "sts:*"}
	unknownActions = []string{"s3:Foo", "admin:Foo", "kms:Foo", "s3tables:GetTable", "sts:Foo", "Foo", ""}
)

// documents makes the documents of a case. The method request adds the rest.
func (g generator) documents() testCase {
	c := testCase{}
	if g.chance(10) {
		c.Session = pick(g, "session", "access key")
	}
	c.Documents = append(c.Documents, g.document(c.Session != ""))
	for c.Session == "" && g.chance(20) && len(c.Documents) < 3 {
		c.Documents = append(c.Documents, g.document(false))
	}
	return c
}

func (g generator) document(session bool) document {
	d := document{Version: policy.Version}
	if g.chance(10) || session && g.chance(15) {
		d.Version = ""
	}
	if g.chance(5) {
		d.ID = "id"
	}
	if session && g.chance(10) || g.chance(1) {
		return d
	}
	statements := 1 + g.IntN(3)
	if g.chance(4) {
		statements = 20 // enough for the index to be used
	}
	for range statements {
		d.Statements = append(d.Statements, g.statement())
	}
	return d
}

func (g generator) statement() statement {
	st := statement{Effect: "Allow", Scalar: g.chance(30)}
	if g.chance(35) {
		st.Effect = "Deny"
	}
	switch n := g.IntN(100); {
	case n < 55:
		g.s3Statement(&st)
	case n < 65:
		g.otherFamily(&st)
	case n < 72:
		st.NotAction = []string{pick(g, notActions...)}
		if g.chance(30) {
			st.NotAction = append(st.NotAction, g.knownAction())
		}
		g.resources(&st)
		g.conditions(&st, policy.ConditionKeys())
	case n < 80:
		st.Action = []string{pick(g, wideActions...)}
		if st.Action[0] != "*" || g.chance(70) || st.deny() {
			g.resources(&st)
		}
		if st.Action[0] == "*" {
			g.conditions(&st, []string{"sts:DurationSeconds"})
		} else {
			g.conditions(&st, policy.ConditionKeys())
		}
	default:
		g.keyedStatement(&st)
	}
	if g.chance(2) {
		g.breakStatement(&st)
	}
	return st
}

func (g generator) knownAction() string { return pick(g, policy.Actions()...) }

func (g generator) s3Statement(st *statement) {
	for range 1 + g.IntN(3) {
		switch {
		case g.chance(30):
			st.Action = append(st.Action, pick(g, actionPatterns...))
		case g.chance(50):
			st.Action = append(st.Action, pick(g, "s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:GetObjectVersion"))
		default:
			for {
				if a := g.knownAction(); strings.HasPrefix(a, "s3:") {
					st.Action = append(st.Action, a)
					break
				}
			}
		}
	}
	g.resources(st)
	if slices.Contains(st.Action, "s3:*") && len(st.Action) == 1 {
		g.conditions(st, policy.ConditionKeys())
	} else {
		g.conditions(st, policy.Variables())
	}
}

func (g generator) otherFamily(st *statement) {
	family := pick(g, "admin:", "kms:", "sts:")
	for range 1 + g.IntN(2) {
		if family != "sts:" && g.chance(20) {
			st.Action = append(st.Action, family+"*")
			continue
		}
		for {
			if a := g.knownAction(); strings.HasPrefix(a, family) {
				st.Action = append(st.Action, a)
				break
			}
		}
	}
	switch family {
	case "admin:":
		if g.chance(30) {
			g.resources(st)
			st.Resource, st.NotResource = append(st.Resource, st.NotResource...), nil
		}
		g.conditions(st, []string{"aws:username", "jwt:groups", "ldap:user", "svc:DurationSeconds", "aws:SourceIp"})
	case "kms:":
		if g.chance(60) {
			st.Resource = []string{"arn:minio:kms:::" + pick(g, "*", "b", "b*", "b?", "${aws:username}", "?", "home")}
		}
		g.conditions(st, policy.ConditionKeys())
	case "sts:":
		g.conditions(st, []string{"sts:DurationSeconds"})
	}
}

// keyedStatement picks a condition key, and then an action that supports the key.
func (g generator) keyedStatement(st *statement) {
	key := pick(g, policy.ConditionKeys()...)
	st.Action = []string{"s3:*"}
	for range 20 {
		a := g.knownAction()
		if minioTakes(a, key) {
			st.Action = []string{a}
			break
		}
	}
	if !strings.HasPrefix(st.Action[0], "admin:") && !strings.HasPrefix(st.Action[0], "sts:") &&
		!strings.HasPrefix(st.Action[0], "kms:") {
		g.resources(st)
	}
	st.Condition = map[string]map[string][]string{}
	g.condition(st, key)
}

func (g generator) resources(st *statement) {
	var list []string
	for range 1 + g.IntN(2) {
		list = append(list, g.resource())
	}
	if g.chance(15) {
		st.NotResource = list
	} else {
		st.Resource = list
	}
}

func (g generator) resource() string {
	const arn = "arn:aws:s3:::"
	switch n := g.IntN(100); {
	case n < 5:
		return "*"
	case n < 20:
		return arn + "*"
	case n < 45:
		return arn + pick(g, buckets...) + pick(g, "", "/*", "*", "/", "/?", "/o*", "/alice/*")
	case n < 65:
		return arn + pick(g, template("${%s}/*"), "home/${%s}/*", "b/${%s}", "${%s}", "?/${%s}*", "b/x${%s}${%[1]s}", "*/${%s}/?").with(pick(g, policy.Variables()...))
	}
	// A random text of wildcards and of parts that requests use.
	var b strings.Builder
	b.WriteString(arn)
	b.WriteString(pick(g, "b", "?", "*", "h", "a"))
	for range g.IntN(6) {
		b.WriteString(pick(g, "b", "o", "/", "*", "?", "a", "x", "alice", "é"))
	}
	return b.String()
}

func (g generator) conditions(st *statement, keys []string) {
	if !g.chance(45) {
		return
	}
	st.Condition = map[string]map[string][]string{}
	for range 1 + g.IntN(2) {
		g.condition(st, pick(g, keys...))
	}
}

func (g generator) condition(st *statement, key string) {
	if strings.HasSuffix(key, "/") {
		key += pick(g, "k", "a/b", "Team")
	}
	operator := pick(g, policy.Operators()...)
	switch base := operator; {
	case strings.HasSuffix(base, "IpAddress"):
		if !strings.HasPrefix(key, "aws:") && g.chance(95) {
			operator = "StringLike"
		} else if g.chance(95) {
			key = "aws:SourceIp"
		}
	case base == "Bool" && g.chance(95):
		if !strings.HasPrefix(key, "aws:") {
			operator = "Null"
		} else {
			key = "aws:SecureTransport"
		}
	}
	values := g.policyValues(operator, key)
	operator = pick(g, "", "", "", "ForAllValues:", "ForAnyValue:") + operator
	if st.Condition[operator] == nil {
		st.Condition[operator] = map[string][]string{}
	}
	st.Condition[operator][key] = values
}

func (g generator) policyValues(operator, key string) []string {
	var one func() string
	most := 3
	switch {
	case strings.HasPrefix(operator, "Numeric"):
		one, most = func() string { return pick(g, "4", "5", "6", "-5", "+5", "05") }, 1
	case strings.HasPrefix(operator, "Date"):
		one, most = func() string { return pick(g, instants...) }, 1
	case operator == "Bool", operator == "Null":
		one, most = func() string { return pick(g, "true", "false") }, 1
	case strings.HasSuffix(operator, "IpAddress"):
		one = func() string { return pick(g, networks...) }
	default:
		one = func() string { return g.textValue(operator, key) }
	}
	var values []string
	for range 1 + g.IntN(most) {
		if v := one(); !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	return values
}

func (g generator) textValue(operator, key string) string {
	value := pick(g, names...)
	switch {
	case key == "s3:x-amz-copy-source":
		value = pick(g, "bucket/o", "bucket/alice", "/bucket/o")
	case key == "s3:x-amz-server-side-encryption":
		value = pick(g, "AES256", "aws:kms")
	case key == "s3:x-amz-server-side-encryption-customer-algorithm":
		value = "AES256"
	case key == "s3:x-amz-metadata-directive":
		value = pick(g, "COPY", "REPLACE")
	case g.chance(25):
		value = pick(g, template("${%s}"), "${%s}x", "a${%s}", "${%s}/${%[1]s}").with(pick(g, policy.Variables()...))
	}
	if strings.HasSuffix(operator, "Like") && !strings.HasPrefix(key, "s3:x-amz-copy") {
		value = pick(g, "", "", "?") + value + pick(g, "", "*", "?", "*x")
	}
	if operator == "BinaryEquals" {
		value = base64.StdEncoding.EncodeToString([]byte(value))
	}
	return value
}

type template string

func (t template) with(key string) string { return fmt.Sprintf(string(t), key) }
