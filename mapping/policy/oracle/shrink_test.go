package oracle

import (
	"maps"
	"slices"
)

// shrink returns the smallest version of a case, found step by step, that still fails.
func shrink(c testCase, fails func(testCase) bool) testCase {
	for {
		smaller := slices.IndexFunc(simpler(c), fails)
		if smaller < 0 {
			return c
		}
		c = simpler(c)[smaller]
	}
}

// simpler lists the cases that are one step simpler, in a fixed order.
func simpler(c testCase) []testCase {
	var all []testCase
	try := func(change func(*testCase)) {
		copied := c.clone()
		change(&copied)
		all = append(all, copied)
	}
	if len(c.Documents) > 1 {
		for d := range c.Documents {
			try(func(c *testCase) { c.Documents = slices.Delete(c.Documents, d, d+1) })
		}
	}
	for d := range c.Documents {
		for s, st := range c.Documents[d].Statements {
			at := func(c *testCase) *statement { return &c.Documents[d].Statements[s] }
			try(func(c *testCase) { c.Documents[d].Statements = slices.Delete(c.Documents[d].Statements, s, s+1) })
			if st.Scalar {
				try(func(c *testCase) { at(c).Scalar = false })
			}
			lists := []func(*testCase) *[]string{
				func(c *testCase) *[]string { return &at(c).Action },
				func(c *testCase) *[]string { return &at(c).NotAction },
				func(c *testCase) *[]string { return &at(c).Resource },
				func(c *testCase) *[]string { return &at(c).NotResource },
			}
			for _, list := range lists {
				if n := len(*list(&c)); n > 1 {
					for i := range n {
						try(func(c *testCase) { l := list(c); *l = slices.Delete(*l, i, i+1) })
					}
				}
			}
			for _, operator := range slices.Sorted(maps.Keys(st.Condition)) {
				for _, key := range slices.Sorted(maps.Keys(st.Condition[operator])) {
					try(func(c *testCase) {
						keys := at(c).Condition
						delete(keys[operator], key)
						if len(keys[operator]) == 0 {
							delete(keys, operator)
						}
						if len(keys) == 0 {
							at(c).Condition = nil
						}
					})
					if n := len(st.Condition[operator][key]); n > 1 {
						for i := range n {
							try(func(c *testCase) {
								keys := at(c).Condition[operator]
								keys[key] = slices.Delete(keys[key], i, i+1)
							})
						}
					}
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Conditions)) {
		try(func(c *testCase) { delete(c.Conditions, name) })
		if n := len(c.Conditions[name]); n > 1 {
			for i := range n {
				try(func(c *testCase) { c.Conditions[name] = slices.Delete(c.Conditions[name], i, i+1) })
			}
		}
	}
	if c.DenyOnly {
		try(func(c *testCase) { c.DenyOnly = false })
	}
	if c.Session != "" {
		try(func(c *testCase) { c.Session = "" })
	}
	return all
}
