package mapping

import "github.com/claimgate/claimgate/internal/finding"

// Finding is an error or a warning about the mapping or one of its policies.
type Finding = finding.Finding
