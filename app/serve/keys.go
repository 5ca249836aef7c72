package serve

import (
	"context"
	"time"

	"github.com/claimgate/claimgate/verifier"
)

// WaitKeys waits until every issuer of a started verifier has answered or failed once, for 12 s
// at most.
func WaitKeys(ctx context.Context, v *verifier.Verifier) {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	enough := time.After(12 * time.Second)
	for {
		waiting := false
		for _, st := range v.States() {
			waiting = waiting || (st.Error == "" && !st.Usable)
		}
		if !waiting {
			return
		}
		select {
		case <-again.C:
		case <-enough:
			return
		case <-ctx.Done():
			return
		}
	}
}
