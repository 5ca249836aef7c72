package policy

// A ternary is what is known of a part of a statement: that it does not hold, that
// it cannot be told, that it holds. The order makes "and" the minimum, "or" the
// maximum and "not" the mirror (Kleene's logic).
//
// An Allow needs yes everywhere; a Deny is kept off by a no only. So what
// cannot be told never opens a door.
type ternary uint8

const (
	no ternary = iota
	maybe
	yes
)

func (t ternary) not() ternary { return yes - t }

func truth(b bool) ternary {
	if b {
		return yes
	}
	return no
}

// applies turns what is known into a decision, by the statement's effect.
func (t ternary) applies(deny bool) bool { return t == yes || deny && t == maybe }
