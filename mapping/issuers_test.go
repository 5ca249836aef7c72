package mapping

import (
	"fmt"
	"strings"
	"testing"
)

func TestIssuersAreComparedWithTheConfiguration(t *testing.T) {
	const rules = `
[claim]
allow = ["readonly"]
[[group]]
name = "everywhere"
policies = ["readonly"]
[[group]]
name = "here"
issuer = "one"
policies = ["readonly"]
[[user]]
subject = "s"
policies = ["readonly"]
[[user]]
subject = "s"
issuer = "twoo"
policies = ["readonly"]
[[account]]
name = "a"
policies = ["readonly"]
[[policy]]
name = "d"
document = '` + deny + `'
[[guard]]
name = "bare"
policy = "d"
[[guard]]
name = "x"
policy = "d"
except_groups = ["e"]
[[guard]]
name = "y"
policy = "d"
except_groups = ["e"]
issuer = "zzz"
`
	tests := []struct {
		configured []string
		want       string
	}{
		{[]string{"one"}, "15 M019,32 M019"},
		{[]string{"one", "two"}, "12 M020,15 M019,32 M019,5 M107,28 M107"},
		{[]string{"one", "twoo", "zzz"}, "12 M020,5 M107,28 M107"},
	}
	m := mustLoad(t, rules)
	for _, tt := range tests {
		findings := m.CheckIssuers(tt.configured)
		var got []string
		for _, f := range findings {
			got = append(got, fmt.Sprintf("%d %s", f.Line, f.Code))
		}
		if strings.Join(got, ",") != tt.want {
			t.Errorf("%v: got %v, want %s", tt.configured, findings, tt.want)
		}
	}
	if got := m.CheckIssuers([]string{"one", "two"})[1].Fix; got != `did you mean "two"?` {
		t.Error(got)
	}
}
