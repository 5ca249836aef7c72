package serve

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/internal/testsupport/wait"
	"github.com/rs/zerolog"
)

const nobodyWrites = "[[never]]\nname = \"nobody writes\"\nactions = [\"s3:PutObject\"]\nresources = [\"arn:aws:s3:::*\"]\n"

// A mapping that breaks an invariant is not put in force. The old mapping stays, and the log and a metric
// name the broken invariant.
func TestAMappingThatBreaksAnInvariantKeepsTheOldOne(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keeps.toml")
	if err := os.WriteFile(file, []byte(nobodyWrites), 0o600); err != nil {
		t.Fatal(err)
	}
	l := start(t, "CLAIMGATE_MAPPING_INVARIANTS="+file)
	revision := l.gateway.Mapping().Revision()
	broken := func() float64 {
		_, text := l.get("/metrics")
		return metric(text, `claimgate_mapping_broken_invariants{invariant="nobody writes"}`)
	}
	if broken() != 0 {
		t.Error("an invariant that holds counts as broken")
	}
	l.write("mapping.toml", strings.Replace(grantsRead, "readonly", "readwrite", 1))
	wait.Until(t, "the metric that names the invariant", func() bool { return broken() == 1 })
	wait.Until(t, "the line that says why", func() bool {
		return l.program.count("nobody writes") > 0 && l.program.count("s3:PutObject") > 0 && l.program.count("the old one stays in force") > 0
	})
	if got := l.gateway.Mapping().Revision(); got != revision {
		t.Errorf("revision %s went live, which breaks an invariant", got)
	}
	l.write("mapping.toml", grantsRead) // the mapping in force, which was proved before
	wait.Until(t, "the metric that the mapping keeps all again", func() bool { return broken() == 0 })
	l.write("mapping.toml", strings.Replace(grantsRead, "readonly", "diagnostics", 1))
	wait.Until(t, "the mapping that keeps the invariant", func() bool { return l.gateway.Mapping().Revision() != revision && broken() == 0 })
}

// A service does not start if the mapping breaks an invariant, or if the invariants cannot be read.
func TestNoStartWithABrokenInvariant(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keeps.toml")
	for text, why := range map[string]string{
		strings.Replace(nobodyWrites, "PutObject", "GetObject", 1): `the invariant "nobody writes" is violated`,
		"[[never]]\nname = \"x\"\n":                                "the invariant names no action",
		"":                                                         "no such file",
	} {
		_ = os.Remove(file)
		if text != "" {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		_, _, env := validEnv(t, "CLAIMGATE_MAPPING_INVARIANTS="+file)
		c, found := config.Load("", env)
		if c == nil {
			t.Fatal(found)
		}
		if _, err := New(t.Context(), c, Build{}, zerolog.Nop()); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %q", text, err, why)
		}
	}
}
