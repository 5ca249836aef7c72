package proof

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/claimgate/claimgate/mapping/invariant"
	"github.com/claimgate/claimgate/mapping/policy"
)

// Sentence says who may do what, or may not, by a counterexample.
func Sentence(c *invariant.Counterexample) string {
	verb := "may not do"
	if c.Allow {
		verb = "may do"
	}
	text := fmt.Sprintf("%s %s %s", Who(&c.Identity), verb, c.Request.Action)
	if c.Request.Bucket != "" {
		text += fmt.Sprintf(" on %q", strings.TrimSuffix(c.Request.Bucket+"/"+c.Request.Object, "/"))
	}
	if list := conditions(&c.Request); len(list) > 0 {
		text += " with " + strings.Join(list, " and ")
	}
	return text
}

// Who describes an identity by its account, or by its subject, issuer, groups and claims.
func Who(id *invariant.Identity) string {
	if id.Account != "" {
		return fmt.Sprintf("the account %q", id.Account)
	}
	var has []string
	for _, g := range id.Groups {
		has = append(has, fmt.Sprintf("group %q", g))
	}
	if len(id.Policy) > 0 {
		has = append(has, fmt.Sprintf("policy claim %q", strings.Join(id.Policy, ",")))
	}
	for _, name := range claimKeys(id.Claims, "") {
		has = append(has, fmt.Sprintf("claim %s", name))
	}
	text := "the subject " + strconv.Quote(id.Subject)
	if id.Issuer != "" {
		text += " of issuer " + strconv.Quote(id.Issuer)
	}
	if len(has) > 0 {
		text += " with " + strings.Join(has, ", ")
	}
	return text
}

// claimKeys returns claims as NAME=VALUE for a string and NAME:=JSON for another value. NAME is the name that
// policies write after claim:.
func claimKeys(claims map[string]any, prefix string) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		key := prefix + policy.ClaimKey([]string{name})
		switch v := claims[name].(type) {
		case map[string]any:
			all = append(all, claimKeys(v, key+"/")...)
		case string:
			all = append(all, key+"="+v)
		case []string:
			for _, one := range v {
				all = append(all, key+"="+one)
			}
		default:
			text, err := json.Marshal(v)
			if err == nil {
				all = append(all, key+":="+string(text))
			}
		}
	}
	return all
}

func conditions(req *invariant.Request) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(req.Conditions)) {
		for _, value := range req.Conditions[name] {
			all = append(all, name+"="+value)
		}
	}
	return all
}

// Explain returns the arguments with which claimgate explain decides the counterexample. claim is the name of
// the claim that may grant policies.
func Explain(c *invariant.Counterexample, claim string) []string {
	var args []string
	add := func(flag string, values ...string) {
		for _, value := range values {
			if value != "" {
				args = append(args, flag, value)
			}
		}
	}
	id := &c.Identity
	add("--account", id.Account)
	add("--sub", id.Subject)
	add("--issuer", id.Issuer)
	add("--group", id.Groups...)
	for _, name := range id.Policy {
		add("--claim", claim+"="+name)
	}
	add("--claim", claimKeys(id.Claims, "")...)
	add("--action", c.Request.Action)
	add("--bucket", c.Request.Bucket)
	add("--object", c.Request.Object)
	add("--condition", conditions(&c.Request)...)
	return args
}

// Shell returns the arguments as a command line for a POSIX shell, quoted if necessary.
func Shell(args ...string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		plain := func(r rune) bool {
			return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./:=,@%+", r)
		}
		if quoted[i] = a; a == "" || strings.ContainsFunc(a, func(r rune) bool { return !plain(r) }) {
			quoted[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

// Case returns the counterexample as a [[case]] that passes in claimgate test.
func Case(c *invariant.Counterexample, name string) string {
	id := table{}
	id.text("account", c.Identity.Account)
	id.text("sub", c.Identity.Subject)
	id.text("issuer", c.Identity.Issuer)
	id.list("groups", c.Identity.Groups)
	id.list("policy", c.Identity.Policy)
	if len(c.Identity.Claims) > 0 {
		id.value("claims", c.Identity.Claims)
	}
	req := table{}
	req.text("action", c.Request.Action)
	req.text("bucket", c.Request.Bucket)
	req.text("object", c.Request.Object)
	if len(c.Request.Conditions) > 0 {
		values := map[string]any{}
		for key, list := range c.Request.Conditions {
			values[key] = list
		}
		req.value("conditions", values)
	}
	return fmt.Sprintf("[[case]]\nname = %s\nidentity = { %s }\nrequest = { %s }\nexpect = { allow = %v }\n",
		literal(name), strings.Join(id, ", "), strings.Join(req, ", "), c.Allow)
}

// table is the members of a TOML inline table.
type table []string

func (t *table) value(key string, v any) { *t = append(*t, key+" = "+literal(v)) }

func (t *table) text(key, text string) {
	if text != "" {
		t.value(key, text)
	}
}

func (t *table) list(key string, list []string) {
	if len(list) > 0 {
		t.value(key, list)
	}
}

// literal returns a value as TOML. The escapes of JSON are valid in TOML, too.
func literal(v any) string {
	if object, ok := v.(map[string]any); ok {
		var t table
		for _, key := range slices.Sorted(maps.Keys(object)) {
			t.value(literal(key), object[key])
		}
		return "{ " + strings.Join(t, ", ") + " }"
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return `""`
	}
	return strings.TrimSpace(b.String())
}
