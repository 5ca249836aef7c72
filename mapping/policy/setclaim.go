package policy

import "maps"

// SetClaim sets the claim at the path. The path is that of ClaimPath, and is not empty. Objects on the path are
// created if they are missing, and copied before they are changed.
func SetClaim(claims map[string]any, path []string, value any) {
	for _, name := range path[:len(path)-1] {
		inner, _ := claims[name].(map[string]any)
		if inner = maps.Clone(inner); inner == nil {
			inner = map[string]any{}
		}
		claims[name] = inner
		claims = inner
	}
	claims[path[len(path)-1]] = value
}
