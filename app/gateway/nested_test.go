package gateway_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Random nested claims against the evaluator. A variable is set by one text alone. A condition looks at each
// text of a list, as claim:amr needs. A value of another type is unknown: it opens no Allow and stops no Deny.
func TestRandomNestedClaims(t *testing.T) {
	const asked = `"Condition":{"StringEquals":{"claim:unix/name":"bob"}}`
	g := newGate(t)
	g.use(`version = 1
[[group]]
name     = "staff"
policies = ["p"]
[[policy]]
name     = "p"
document = '''{"Statement":[
  {"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::homes/${claim:unix/name}/*"]},
  {"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::opened/*"],` + asked + `},
  {"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::closed/*"]},
  {"Effect":"Deny","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::closed/*"],` + asked + `}]}'''
`)
	rapid.Check(t, func(rt *rapid.T) {
		unix := drawClaim(rt, 0)
		token := g.sign("bob", []string{"staff"}, "unix", unix)
		texts, known := textsOf(unix)
		bob := slices.Contains(texts, "bob")
		for bucket, want := range map[string]bool{
			"homes":  known && bob && len(texts) == 1,
			"opened": known && bob,
			"closed": known && !bob,
		} {
			d := g.decide(g.session(ask("S1", "s3:GetObject", bucket, "bob/o"), "bob").token(token))
			if d.Allow() != want {
				rt.Fatalf("%s with unix = %#v: allow is %v (%s), want %v", bucket, unix, d.Allow(), d.Reason, want)
			}
		}
	})
}

func drawClaim(t *rapid.T, depth int) any {
	switch rapid.IntRange(0, 7-min(2*depth, 4)).Draw(t, "kind") {
	case 0:
		return rapid.SampledFrom([]string{"bob", "ada", "", "*", "bob/*", "${jwt:sub}", "Bob", "true"}).Draw(t, "text")
	case 1:
		return rapid.SampledFrom([]any{nil, true, 7, -1.5}).Draw(t, "other")
	case 2, 3:
		list := []any{}
		for range rapid.IntRange(0, 2).Draw(t, "elements") {
			list = append(list, drawClaim(t, depth+1))
		}
		return list
	}
	object := map[string]any{}
	for _, name := range rapid.SliceOfN(rapid.SampledFrom([]string{"name", "name", "Name", "unix/name", "x"}), 0, 3).Draw(t, "names") {
		object[name] = drawClaim(t, depth+1)
	}
	return object
}

// textsOf returns the texts of the claim unix/name: of a list each, of a null and an empty list none. known is
// false if one of the values is no text.
func textsOf(unix any) (texts []string, known bool) {
	object, _ := unix.(map[string]any)
	list, ok := object["name"].([]any)
	if value := object["name"]; !ok && value != nil {
		list = []any{value}
	}
	for _, value := range list {
		text, ok := value.(string)
		if !ok {
			return nil, false
		}
		texts = append(texts, text)
	}
	return texts, true
}
