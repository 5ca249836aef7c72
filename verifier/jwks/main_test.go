package jwks_test

import (
	"testing"

	"github.com/claimgate/claimgate/internal/testsupport/leaks"
)

func TestMain(m *testing.M) { leaks.Main(m) }
