package serve

import (
	"testing"

	"github.com/claimgate/claimgate/internal/testsupport/leaks"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	leaks.Main(m,
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),    // fasthttp's clock, which never ends
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"), // ends up to 10 s after its server
	)
}
