package mapping

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/wait"
)

// largeMapping loads a mapping with ten thousand group rules over a thousand policies.
func largeMapping(tb testing.TB) *Mapping {
	tb.Helper()
	var text strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&text, "[[group]]\nname = \"group %d\"\npolicies = [\"p%d\"]\n%s", i, i%1000, reasonAndOwner)
	}
	for i := range 1_000 {
		fmt.Fprintf(&text, "[[policy]]\nname = \"p%d\"\ndocument = '''{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"s3:GetObject\"],\"Resource\":[\"arn:aws:s3:::b%d/*\"]}]}'''\n", i, i)
	}
	return mustLoad(tb, text.String())
}

func groupsHeld(n int) []string {
	groups := make([]string, n)
	for i := range groups {
		groups[i] = fmt.Sprintf("group %d", i*17%10_000)
	}
	return groups
}

// A mapping of ten thousand rules must load while a person waits, and a principal with five hundred groups
// must not cost a walk over all rules. The limits are far above the usual times (see the benchmarks) and
// far below the times of quadratic work. The shortest of several times counts.
func TestLargeMappingsAreQuick(t *testing.T) {
	var m *Mapping
	if took := wait.Shortest(20*time.Second, func() { m = largeMapping(t) }); took > 20*time.Second {
		t.Errorf("loading took %v", took)
	}
	p := Principal{Groups: groupsHeld(500)}
	if got := len(m.Principal(p, now).Rules()); got != 500 {
		t.Fatalf("%d rules", got)
	}
	if took := wait.Shortest(50*time.Millisecond, func() { m.Principal(p, now) }); took > 50*time.Millisecond {
		t.Errorf("a principal took %v", took)
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		largeMapping(b)
	}
}

func BenchmarkPrincipal(b *testing.B) {
	m := largeMapping(b)
	for _, n := range []int{1, 10, 500} {
		b.Run(fmt.Sprintf("groups=%d", n), func(b *testing.B) {
			p := Principal{Groups: groupsHeld(n)}
			b.ReportAllocs()
			for b.Loop() {
				m.Principal(p, now)
			}
		})
	}
}
