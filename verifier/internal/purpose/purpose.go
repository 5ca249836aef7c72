// Package purpose describes tokens that are not access tokens. The package is internal:
// only packages below verifier may ask a Verifier for a token whose claims are not
// judged.
package purpose

import "github.com/claimgate/claimgate/verifier/internal/pool"

// Purpose describes the tokens of one purpose. It must not be changed while in use.
type Purpose struct {
	Types  []string   // values that typ may have
	Claims []string   // claims that are read in addition to those of access tokens
	Checks *pool.Pool // runs the signature checks
}
