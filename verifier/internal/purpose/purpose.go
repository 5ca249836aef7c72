// Package purpose describes tokens that are no access tokens. It is internal, so that
// only packages below verifier can ask a Verifier for a token whose claims nobody has
// judged.
package purpose

import "github.com/claimgate/claimgate/verifier/internal/pool"

// Purpose describes the tokens of one purpose. It must not be changed while in use.
type Purpose struct {
	Types  []string   // values that typ may have
	Claims []string   // claims that are read, beside those of access tokens
	Checks *pool.Pool // runs the signature checks
}
