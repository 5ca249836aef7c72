package access

import (
	"slices"
	"strings"
	"sync"

	"github.com/claimgate/claimgate/mapping/policy"
)

// variables numbers the keys of policy variables. A key claim:NAME gets its number when it is first read.
var variables = &numbers{keys: policy.Variables()}

var fixedVariables = policy.Variables()

// numbers gives each key a number. It is safe for concurrent use.
type numbers struct {
	mu   sync.Mutex
	keys []string
}

// known returns true if the key is the key of a policy variable. Every key claim:NAME is one, because the
// parser of policies has checked the name.
func (n *numbers) known(key string) bool {
	return strings.HasPrefix(key, "claim:") || slices.Contains(fixedVariables, key)
}

func (n *numbers) number(key string) symbol {
	n.mu.Lock()
	defer n.mu.Unlock()
	if i := slices.Index(n.keys, key); i >= 0 {
		return symbol(i)
	}
	n.keys = append(n.keys, key)
	return symbol(len(n.keys) - 1)
}

func (n *numbers) key(s symbol) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.keys[s]
}
