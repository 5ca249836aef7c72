package access

import (
	"slices"
	"strings"
	"sync"

	"github.com/claimgate/claimgate/mapping/policy"
)

// variables numbers the keys of policy variables. The keys of claims are numbered as they are met.
var variables = &numbers{keys: policy.Variables()}

var fixedVariables = policy.Variables()

type numbers struct {
	mu   sync.Mutex
	keys []string
}

// known returns true if the key is that of a policy variable. Every key claim:NAME is: the parser has
// checked the name.
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
