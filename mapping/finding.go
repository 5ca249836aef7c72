package mapping

import "github.com/claimgate/claimgate/internal/finding"

// Finding is one thing found in the mapping or in a policy.
type Finding = finding.Finding
