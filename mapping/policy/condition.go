package policy

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// A condition is one operator applied to one key.
type condition struct {
	operator  string // as written, such as "ForAllValues:StringLike"
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

// holds evaluates the condition against the values of the request.
func (c *condition) holds(ctx Context) ternary {
	found := values(ctx, c.key)
	if isClaim(c.key) {
		return c.claimHolds(found, ctx)
	}
	if contradictory(c.key, found) {
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
	// As in MinIO, qualifiers have no effect on these functions: they look at the first value only.
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
	return maybe // the value cannot be read (README, D9)
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

// text evaluates a string function. With a negated operator MinIO negates the result for the whole list,
// but AWS negates each comparison. If a qualifier makes these two differ, the result is maybe (README,
// D10).
func (c *condition) text(found []string, ctx Context) ternary {
	some, every := no, yes // whether some value matches, and whether every value does
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
