package serve

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/claimgate/claimgate/app/dialect/minio"
	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/internal/testsupport/wait"
)

// During a thousand reloads under load, each answer matches the revision that it names. Afterwards no old
// mapping uses memory.
func TestAThousandReloadsUnderLoad(t *testing.T) {
	l := start(t)
	grantsWrite := strings.Replace(grantsRead, "readonly", "writeonly", 1)
	reads := map[string]bool{} // whether alice may read, by revision
	for text, may := range map[string]bool{grantsWrite: false, grantsRead: true} {
		l.write("mapping.toml", text)
		if err := l.loadMapping(); err != nil {
			t.Fatal(err)
		}
		reads[l.gateway.Mapping().Revision()] = may
	}
	if len(reads) != 2 {
		t.Fatal("the two mappings have one revision")
	}

	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	var answers atomic.Int64
	for range 4 {
		load.Go(func() {
			doc := new(strictjson.Document)
			for ctx.Err() == nil {
				r, err := minio.Decode([]byte(aliceReads), doc)
				if err != nil {
					t.Error(err)
					return
				}
				d := l.gateway.Decide(ctx, &r)
				if may, known := reads[d.Revision]; !known || d.Allow() != may {
					t.Errorf("revision %s: allow is %v", d.Revision, d.Allow())
					return
				}
				answers.Add(1)
			}
		})
	}
	var before runtime.MemStats
	for i := range 1000 {
		l.write("mapping.toml", []string{grantsRead, grantsWrite}[i%2])
		if err := l.loadMapping(); err != nil {
			t.Error(err)
			break
		}
		if i == 100 { // the service is warm
			runtime.GC()
			runtime.ReadMemStats(&before)
		}
	}
	wait.Until(t, "an answer", func() bool { return answers.Load() > 0 })
	stop()
	load.Wait()
	var after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&after)
	t.Logf("%d answers; heap %d KiB, then %d KiB", answers.Load(), before.HeapAlloc>>10, after.HeapAlloc>>10)
	if after.HeapAlloc > before.HeapAlloc+16<<20 {
		t.Errorf("900 reloads left %d KiB", (after.HeapAlloc-before.HeapAlloc)>>10)
	}
}
