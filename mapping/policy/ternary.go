package policy

// A ternary says whether a part of a statement holds: no, maybe (it cannot be known), or yes. With this
// order "and" is the minimum, "or" the maximum and "not" the mirror (Kleene's logic).
//
// An Allow applies only if all parts are yes. A Deny applies unless a part is no. So a maybe never grants
// anything.
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

// applies reports whether a statement with this result applies: a Deny applies also on maybe.
func (t ternary) applies(deny bool) bool { return t == yes || deny && t == maybe }
