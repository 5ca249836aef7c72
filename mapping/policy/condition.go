package policy

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// A condition is one operator on one key.
type condition struct {
	operator  string // as written, "ForAllValues:StringLike"
	key       string
	function  function
	qualifier qualifier

	patterns []*pattern     // string functions
	number   int            // numeric functions
	moment   time.Time      // date functions
	wanted   bool           // Bool and Null
	networks []netip.Prefix // IpAddress and NotIpAddress
}

type qualifier uint8

const (
	plain qualifier = iota
	forAllValues
	forAnyValue
)

// holds says whether the condition is met by what the request holds.
func (c *condition) holds(ctx Context) ternary {
	found := values(ctx, c.key)
	if isClaim(c.key) {
		return c.claimHolds(found, ctx)
	}
	if contested(c.key, found) {
		return maybe
	}
	switch c.function.kind {
	case textFunction:
		return c.text(found, ctx)
	case nullFunction:
		return truth(c.wanted == (len(found) == 0))
	case addressFunction:
		return c.address(found)
	case numberFunction, dateFunction, boolFunction:
	}
	if len(found) == 0 {
		return truth(c.function.ifExists)
	}
	// Qualifiers mean nothing to these functions, as in MinIO: one value is
	// looked at.
	switch value := found[0]; c.function.kind {
	case numberFunction:
		if n, err := strconv.Atoi(value); err == nil {
			return truth(c.function.compare(compareInts(n, c.number)))
		}
	case dateFunction:
		return c.date(value)
	case boolFunction:
		if value == "true" || value == "false" {
			return truth(c.wanted == (value == "true"))
		}
	case textFunction, nullFunction, addressFunction:
	}
	return maybe // there, but unreadable (README, D9)
}

func (c *condition) date(value string) ternary {
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return maybe
	}
	return truth(c.function.compare(t.Compare(c.moment)))
}

func compareInts(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// text evaluates a string function. MinIO negates the outcome of the whole;
// AWS negates each comparison. Where a qualifier makes that two answers,
// neither is taken for certain (README, D10).
func (c *condition) text(found []string, ctx Context) ternary {
	some, every := no, yes // of the values: match
	for _, value := range found {
		m := c.textMatch(value, ctx)
		some, every = max(some, m), min(every, m)
	}
	if !c.function.negated {
		if c.qualifier == forAllValues {
			return every
		}
		return some
	}
	switch c.qualifier {
	case forAllValues:
		return agreed(every.not(), some.not())
	case forAnyValue:
		if len(found) == 0 {
			return maybe // MinIO: yes; AWS: no
		}
		return agreed(some.not(), every.not())
	case plain:
	}
	return some.not()
}

func agreed(a, b ternary) ternary {
	if a == b {
		return a
	}
	return maybe
}

func (c *condition) textMatch(value string, ctx Context) ternary {
	if c.function.fold {
		value = strings.ToLower(value)
	}
	found := no
	for _, p := range c.patterns {
		if found = max(found, p.match(value, ctx)); found == yes {
			break
		}
	}
	return found
}

func (c *condition) address(found []string) ternary {
	result := no
	if len(found) > 0 {
		addr, err := netip.ParseAddr(found[0])
		if err != nil || addr.Zone() != "" {
			return maybe
		}
		addr = addr.Unmap()
		for _, network := range c.networks {
			if network.Contains(addr) {
				result = yes
			}
		}
	}
	if c.function.negated {
		return result.not()
	}
	return result
}
