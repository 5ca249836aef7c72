package access_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/anymapping"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/google/go-cmp/cmp"
)

const guarded = `version = 1
[[policy]]
name = "p"
document = '''{"Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::a/*"]},{"Effect":"Allow","Action":["s3:PutObject"],"Resource":["arn:aws:s3:::w/*"]}]}'''
[[policy]]
name = "own"
document = '''{"Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::o/*"]},{"Effect":"Deny","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::a/own/*"]}]}'''
[[policy]]
name = "two"
document = '''{"Statement":[{"Effect":"Deny","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::a/1/*","arn:aws:s3:::a/2/*"]}]}'''
[[policy]]
name = "if"
document = '''{"Statement":[{"Effect":"Deny","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::a/3/*"],"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}},{"Effect":"Deny","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::a/4/*"]}]}'''
[[policy]]
name = "elsewhere"
document = '''{"Statement":[{"Effect":"Deny","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::z/*"]}]}'''
[[group]]
name = "g"
policies = ["p"]
[[group]]
name = "spare"
policies = ["own"]
[[account]]
name = "key"
policies = ["p"]
[[guard]]
name = "first"
policy = "two"
except_groups = ["spare"]
[[guard]]
name = "second"
policy = "if"
except_groups = ["other"]
issuer = "x"
[[guard]]
name = "third"
policy = "elsewhere"
except_groups = ["nobody"]
`

// lines returns the entries as text: principal, issuer, resources, and what is taken away by whom.
func lines(list []access.Entry) []string {
	var all []string
	short := func(texts []string) string {
		return strings.ReplaceAll(strings.Join(texts, ","), "arn:aws:s3:::", "")
	}
	for _, e := range list {
		text := fmt.Sprintf("%s at %q: %s by %s", e.Principal, e.Issuer, short(e.Resources), e.Policy)
		for _, m := range e.Minus {
			text += fmt.Sprintf(" - %s (%s)", short(m.Resources), m.By)
			if len(m.Conditions) > 0 {
				text += " if"
			}
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return all
}

// Each guard and policy takes away its own resources, and a Deny with a condition stands alone. A group that a guard
// excepts is tried together with each principal whom the guard takes something from, and only the difference is told.
func TestWhoCanTellsWhoTakesWhatAway(t *testing.T) {
	m := anymapping.Load(t, guarded)
	want := []string{ // a guard is for everybody; its issuer says whose groups it excepts
		`account:key at "": a/* by p - a/1/*,a/2/* (guard first) - a/3/* (guard second) if - a/4/* (guard second)`,
		`group:g + group:other + group:spare at "x": a/* by p - a/own/* (policy own)`,
		`group:g + group:other at "x": a/* by p - a/1/*,a/2/* (guard first)`,
		`group:g + group:spare at "": a/* by p - a/own/* (policy own) - a/3/* (guard second) if - a/4/* (guard second)`,
		`group:g at "": a/* by p - a/1/*,a/2/* (guard first) - a/3/* (guard second) if - a/4/* (guard second)`,
		`group:spare at "": o/* by own`,
	}
	if diff := cmp.Diff(want, lines(access.WhoCan(m, []string{"s3:GetObject"}, "", time.Now()))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Some stops after the principal that makes the list longer than the limit, and says whether principals are left.
func TestSomeStopsAfterTheLimit(t *testing.T) {
	d := access.NewDirectory(anymapping.Load(t, guarded))
	type answer struct {
		entries int
		more    bool
	}
	got := map[int]answer{}
	for _, limit := range []int{0, 1, 2, 100} {
		some, more := d.Some([]string{"s3:PutObject"}, "", time.Now(), limit)
		got[limit] = answer{len(some), more}
	}
	if diff := cmp.Diff(map[int]answer{0: {1, true}, 1: {2, true}, 2: {2, false}, 100: {2, false}}, got, cmp.AllowUnexported(answer{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
