package serve

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/claimgate/claimgate/app/demo"
	"github.com/claimgate/claimgate/internal/testsupport/wait"
)

// grantsNothing grants alice nothing.
var grantsNothing = grants("bob", "readwrite")

// The next mapping changes no answer. The log, the metric and /readyz show its decisions. A next mapping
// with errors is off.
func TestTheNextMappingIsOnlyCompared(t *testing.T) {
	next := filepath.Join(t.TempDir(), "next.toml")
	if err := os.WriteFile(next, []byte(grantsNothing), 0o600); err != nil {
		t.Fatal(err)
	}
	l := start(t, "CLAIMGATE_MAPPING_SHADOW="+next)
	put := strings.Replace(strings.Replace(aliceReads, "alice", "bob", 1), "GetObject", "PutObject", 1)
	for _, c := range []struct {
		body  string
		allow bool
	}{{aliceReads, true}, {put, false}, {strings.Replace(aliceReads, "alice", "carol", 1), false}} {
		if allow, _, err := demo.Ask(t.Context(), l.URL(), []byte(c.body)); err != nil || allow != c.allow {
			t.Errorf("answered %v, %v", allow, err)
		}
	}
	var lines []map[string]any
	wait.Until(t, "three lines", func() bool {
		text, err := os.ReadFile(l.path("decisions.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		lines = nil
		for line := range strings.Lines(string(text)) {
			var read map[string]any
			if err := json.Unmarshal([]byte(line), &read); err != nil {
				return false
			}
			lines = append(lines, read)
		}
		return len(lines) == 3
	})
	want := []string{"map[allow:false reason:no_token]", "map[allow:true reason:policy_allow rule:bob]", "<nil>"}
	for i, line := range lines {
		if got := fmt.Sprint(line["shadow"]); got != want[i] {
			t.Errorf("line %d has the shadow %s, want %s", i+1, got, want[i])
		}
	}
	metrics := func() string { _, text := l.get("/metrics"); return text }
	for outcome, want := range map[string]float64{"same": 1, "gains": 1, "loses": 1, "failed": 0} {
		if got := metric(metrics(), `claimgate_shadow_decisions_total{outcome="`+outcome+`"}`); got != want {
			t.Errorf("%s: %v, want %v", outcome, got, want)
		}
	}
	if status, body := l.get("/readyz"); status != 200 || !strings.Contains(body, `"shadow":{"file":"`+next+`","mapping":"`) {
		t.Errorf("/readyz: %d %s", status, body)
	}

	replace(t, next, "version = 2")
	wait.Until(t, "the broken file is off", func() bool {
		status, body := l.get("/readyz")
		return status == 200 && strings.Contains(body, `"mapping":"","error":"`)
	})
	if !l.answers(true)() {
		t.Error("the answer has changed")
	}
	if got := metric(metrics(), `claimgate_shadow_decisions_total{outcome="same"}`); got != 1 {
		t.Errorf("a decision was compared with a broken mapping")
	}
	// /readyz shows the error before the log has its line.
	said := func() int { return l.program.count("the next mapping has errors") }
	wait.Until(t, "the log says that the next mapping is broken", func() bool { return said() > 0 })
	l.reload() // with the same error
	replace(t, next, grantsRead)
	wait.Until(t, "the mended file is compared", func() bool {
		l.answers(true)()
		return metric(metrics(), `claimgate_shadow_decisions_total{outcome="same"}`) > 1
	})
	if n := said(); n != 1 {
		t.Errorf("the log says %d times that the next mapping is broken, want once", n)
	}
}

// A thousand reloads of the next mapping under load change no answer (run with -race).
func TestTheNextMappingIsReloadedUnderLoad(t *testing.T) {
	next := filepath.Join(t.TempDir(), "next.toml")
	texts := []string{grantsNothing, grantsRead, "version = 2", strings.Replace(grantsRead, "readonly", "readwrite", 1), ""}
	if err := os.WriteFile(next, []byte(texts[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	l := start(t, "CLAIMGATE_MAPPING_SHADOW="+next, "CLAIMGATE_AUDIT_OUTPUT=off")
	done := make(chan struct{})
	var askers sync.WaitGroup
	for range 4 {
		askers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				for body, want := range map[string]bool{aliceReads: true, strings.Replace(aliceReads, "alice", "bob", 1): false} {
					if allow, _, err := demo.Ask(t.Context(), l.URL(), []byte(body)); err != nil || allow != want {
						t.Errorf("answered %v, %v", allow, err)
						return
					}
				}
			}
		})
	}
	for n := range 1000 {
		if err := os.WriteFile(next, []byte(texts[n%len(texts)]), 0o600); err != nil {
			t.Error(err)
			break
		}
		l.reload()
	}
	close(done)
	askers.Wait()
}
