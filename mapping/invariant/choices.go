package invariant

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/claimgate/claimgate/mapping/access"
	"github.com/claimgate/claimgate/mapping/policy"
)

// choice is a key with the values to try.
type choice struct {
	key    string
	values []any
}

// choices returns the values to try for each key of the tests that is not assumed. complete is true if no other
// values could give another answer.
func (a *attempt) choices(tests []access.Test, assumed []fact) (list []choice, complete bool) {
	complete = true
	byKey := map[string][]access.Test{}
	for _, t := range tests {
		if !slices.ContainsFunc(assumed, func(f fact) bool { return f.key == t.Key }) {
			byKey[t.Key] = append(byKey[t.Key], t)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		values, all := candidates(key, byKey[key])
		overwritten := a.overwritten(key)
		if a.invariant.Kind == Always && !overwritten {
			values, all = worst(key, byKey[key], values, all)
		}
		complete = complete && all && !overwritten && !readTwice(key, tests)
		if slices.ContainsFunc(a.GroupsPaths, func(path []string) bool { return key == "claim:"+policy.ClaimKey(path) }) {
			key = "aws:groups" // the claim gets its values from the groups of the identity
		}
		list = append(list, choice{key, values})
	}
	return list, complete
}

// contexts calls try with the assumed facts alone, and then with each combination of the choices. contexts stops if
// try returns true, or after about limit calls. complete is false if the limit ended the search. A limit below 0 counts as 0.
func contexts(choices []choice, assumed []fact, limit int, try func([]fact) bool) (found, complete bool) {
	limit = max(limit, 0)
	total := 1
	for _, c := range choices {
		total = min(total*len(c.values), limit+1)
	}
	chosen := slices.Clone(assumed)
	left := limit
	var choose func(n int) bool
	choose = func(n int) bool {
		if n == len(choices) {
			left--
			return try(chosen)
		}
		for _, v := range choices[n].values {
			if left <= 0 {
				return false
			}
			chosen = append(chosen, fact{choices[n].key, v})
			if choose(n + 1) {
				return true
			}
			chosen = chosen[:len(chosen)-1]
		}
		return false
	}
	return try(chosen) || len(choices) > 0 && choose(0), total <= limit
}

// Assumption parses assumptions about condition keys: KEY=VALUE. A key that is given twice has several values.
// The message says what to write if a text is wrong, and is empty otherwise.
func Assumption(list []string) (facts []fact, message string) {
	known := policy.ConditionKeys()
	for _, text := range list {
		key, value, found := strings.Cut(text, "=")
		switch {
		case !found || key == "":
			return nil, "write KEY=VALUE, such as aws:SourceIp=198.51.100.7"
		case !slices.Contains(known, key) && !strings.HasPrefix(key, "claim:") && !strings.HasPrefix(key, "s3:ExistingObjectTag/") && !strings.HasPrefix(key, "s3:RequestObjectTag/"):
			return nil, "no condition key is called " + strconv.Quote(key)
		case setByJudge(key):
			return nil, key + " cannot be fixed: the issuer writes it; write issuer = ... in the invariant for one issuer"
		}
		i := slices.IndexFunc(facts, func(f fact) bool { return f.key == key })
		if isSubject(key) && (value == "" || slices.ContainsFunc(facts, func(f fact) bool { return isSubject(f.key) })) {
			return nil, key + " cannot be fixed like this: each token has one subject, and the subject is not empty"
		}
		if i >= 0 {
			switch v := facts[i].value.(type) {
			case []string:
				facts[i].value = append(v, value)
			case string:
				facts[i].value = []string{v, value}
			}
			continue
		}
		facts = append(facts, fact{key, value})
	}
	return facts, ""
}
