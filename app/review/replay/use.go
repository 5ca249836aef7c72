package replay

import (
	"strings"
	"time"

	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/mapping"
)

// Use is what a statement allowed: an action on a bucket, or on the objects whose keys have the same first
// element.
type Use struct {
	Rule      mapping.Rule
	Policy    string
	Statement int // the index of the statement in the policy, from 0
	Action    string
	Bucket    string
	First     string // the object key up to its first slash, or the whole key; empty for the bucket itself, or if the key begins with a slash
	Below     bool   // the key has a slash
}

// Span is how often something happened, and when it happened first and last.
type Span struct {
	Count       int
	First, Last time.Time
}

func (s Span) and(o Span) Span {
	s.Count += o.Count
	if s.First.IsZero() || !o.First.IsZero() && o.First.Before(s.First) {
		s.First = o.First
	}
	if o.Last.After(s.Last) {
		s.Last = o.Last
	}
	return s
}

// maxUses is how many uses one worker keeps. After that, new uses have the whole bucket in place of the object.
const maxUses = 200_000

// spanOf returns the Span of one line.
func spanOf(root strictjson.Value) Span {
	at, err := time.Parse(time.RFC3339Nano, root.Get("time").View())
	if err != nil {
		return Span{}
	}
	return Span{1, at, at}
}

// use adds the use of one line.
func (t *tally) use(root strictjson.Value, answer mapping.Answer) {
	u := Use{Rule: answer.Rule, Policy: answer.Policy, Statement: answer.Statement, Action: root.Get("action").View(), Bucket: root.Get("bucket").View()}
	u.First, _, u.Below = strings.Cut(root.Get("object").View(), "/")
	known := t.uses[u]
	if known == nil && len(t.uses) >= maxUses && u.First != "" {
		u.First, u.Below = "", true
		known = t.uses[u]
	}
	if known == nil { // a kept use must not keep the memory of the line
		u.Action, u.Bucket, u.First = strings.Clone(u.Action), strings.Clone(u.Bucket), strings.Clone(u.First)
		known = new(Span)
		t.uses[u] = known
	}
	*known = known.and(spanOf(root))
}
