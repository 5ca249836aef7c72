package e2e

import (
	"os"
	"testing"

	"github.com/claimgate/claimgate/e2e/internal/stack"
)

func TestMain(m *testing.M) { os.Exit(stack.Main(m)) }
