package serve

import (
	"bytes"
	"math"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/claimgate/claimgate/app/config"
	"github.com/rs/zerolog"
)

// systemd makes a socket like that of a unit with Type=notify.
func systemd(t *testing.T) *net.UnixConn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetReadDeadline(time.Now().Add(2 * time.Minute)); err != nil { // ends a test that hangs
		t.Fatal(err)
	}
	t.Setenv("NOTIFY_SOCKET", path)
	return c
}

// nextNotification returns the next datagram.
func nextNotification(t *testing.T, c *net.UnixConn) string {
	t.Helper()
	b := make([]byte, 4096)
	n, err := c.Read(b)
	if err != nil {
		t.Fatalf("systemd got no notification: %v", err)
	}
	return string(b[:n])
}

func TestSystemdIsNotifiedOfTheStartAReloadAndTheStop(t *testing.T) {
	c := systemd(t)
	l := start(t)
	if got := nextNotification(t, c); !strings.HasPrefix(got, "READY=1\nSTATUS=answering on http://127.0.0.1:") || strings.Contains(got, "not ready") {
		t.Errorf("at the start systemd gets %q", got)
	}
	if status, _ := l.get("/readyz"); status != 200 {
		t.Errorf("READY=1 was sent with /readyz at %d", status)
	}
	l.write("mapping.toml", strings.Replace(grantsRead, "readonly", "writeonly", 1))
	l.reloadNotifying(l.hangup)
	// Without the time, systemd (253 and later, Type=notify-reload) believes that the reload began before
	// systemd's signal.
	if got := nextNotification(t, c); !strings.HasPrefix(got, "RELOADING=1\nMONOTONIC_USEC=") {
		t.Errorf("before a reload systemd gets %q", got)
	}
	if got := nextNotification(t, c); !strings.HasPrefix(got, "READY=1\n") {
		t.Errorf("after a reload systemd gets %q", got)
	}
	if !l.answers(false)() {
		t.Error("READY=1 was sent before the new mapping was in force")
	}
	l.stop()
	if got := nextNotification(t, c); got != "STOPPING=1" {
		t.Errorf("at the stop systemd gets %q", got)
	}
}

func TestTheWatchdogIsNotified(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "200000")
	c := systemd(t)
	start(t)
	if got := nextNotification(t, c); !strings.HasPrefix(got, "READY=1\n") {
		t.Fatalf("at the start systemd gets %q", got)
	}
	for range 3 {
		if got := nextNotification(t, c); !strings.HasPrefix(got, "WATCHDOG=1\n") {
			t.Errorf("the watchdog gets %q", got)
		}
	}
}

func TestTheGarbageCollectorKnowsTheContainersMemory(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	for name, tc := range map[string]struct {
		env      string // GOMEMLIMIT
		provider memlimit.Provider
		want     int64
		says     string
	}{
		"a limit":           {"", memlimit.Limit(1000 << 20), 900 << 20, "memory limit"},
		"a small one":       {"", memlimit.Limit(100 << 20), 90 << 20, "cache.token_bytes is more than half"},
		"none":              {"", func() (uint64, error) { return 0, memlimit.ErrNoLimit }, math.MaxInt64, ""},
		"none that is told": {"", func() (uint64, error) { return 0, os.ErrNotExist }, math.MaxInt64, ""},
		"GOMEMLIMIT wins":   {"1GiB", memlimit.Limit(100 << 20), math.MaxInt64, ""},
	} {
		debug.SetMemoryLimit(math.MaxInt64)
		if tc.env != "" {
			t.Setenv("GOMEMLIMIT", tc.env) // read by the runtime at its start only
		}
		var said bytes.Buffer
		limitMemory(&config.Config{Cache: config.Cache{TokenBytes: 64 << 20}}, zerolog.New(&said).Level(zerolog.InfoLevel), tc.provider)
		if got := debug.SetMemoryLimit(-1); got != tc.want {
			t.Errorf("%s: the limit is %d, want %d", name, got, tc.want)
		}
		if tc.says == "" && said.Len() > 0 || !strings.Contains(said.String(), tc.says) {
			t.Errorf("%s: it says %q", name, said.String())
		}
		if err := os.Unsetenv("GOMEMLIMIT"); err != nil {
			t.Fatal(err)
		}
	}
}
