package check

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const units = "deploy/systemd"

// TestUnitIsValidAndConfined also checks that the unit's exposure is below 1.5 of 10.
// systemd rates 2.0 as OK.
func TestUnitIsValidAndConfined(t *testing.T) {
	unit := filepath.Join(t.TempDir(), "claimgate.service")
	text := read(t, units, "claimgate.service")
	if !strings.Contains(text, "/usr/local/bin/claimgate serve") {
		t.Fatal("the unit starts another program")
	}
	write(t, unit, strings.ReplaceAll(text, "/usr/local/bin/claimgate", claimgate))
	if _, said, err := execute("systemd-analyze", "verify", unit); err != nil || said != "" {
		t.Errorf("systemd-analyze verify: %v\n%s", err, said)
	}
	output(t, "systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15", unit)
	users, err := filepath.Abs(filepath.Join(root, units, "sysusers.conf"))
	if err != nil {
		t.Fatal(err)
	}
	if _, said, err := execute("systemd-sysusers", "--dry-run", users); err != nil || strings.Contains(said, "ignoring") {
		t.Errorf("systemd-sysusers: %v\n%s", err, said)
	}
}

func TestConfigOfTheUnitIsValid(t *testing.T) {
	dir := hostConfig(t, read(t, units, "config.toml"))
	if codes := found(t, "--config", filepath.Join(dir, "config.toml")); len(codes) > 0 {
		t.Errorf("claimgate check finds %v", codes)
	}
}

// hostConfig writes the files of /etc/claimgate to a directory of the test.
func hostConfig(t *testing.T, config string) string {
	t.Helper()
	dir := t.TempDir()
	certificate, key := selfSigned(t)
	config = strings.NewReplacer("/var/lib/claimgate", dir, "/var/log/claimgate", dir).Replace(config)
	write(t, filepath.Join(dir, "config.toml"), config)
	write(t, filepath.Join(dir, "mapping.toml"), read(t, "mapping.example.toml"))
	write(t, filepath.Join(dir, "caller-tokens"), "Bearer a-long-random-text\n")
	write(t, filepath.Join(dir, "tls.crt"), certificate)
	write(t, filepath.Join(dir, "tls.key"), key)
	return dir
}

// TestClaimgateNotifiesSystemd checks claimgate's side of Type=notify: without READY=1
// the start would time out. SIGHUP must not end claimgate, SIGTERM must.
func TestClaimgateNotifiesSystemd(t *testing.T) {
	if !strings.Contains(read(t, units, "claimgate.service"), "\nType=notify\n") {
		t.Fatal("the unit is not of Type=notify")
	}
	config := strings.NewReplacer(`"0.0.0.0:8080"`, `"127.0.0.1:0"`).Replace(read(t, units, "config.toml"))
	dir := hostConfig(t, config+"\n[admin]\nlisten = \"127.0.0.1:0\"\n")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	if err := socket.SetReadDeadline(time.Now().Add(2 * time.Minute)); err != nil { // ends a test that hangs
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), claimgate, "serve", "--config", filepath.Join(dir, "config.toml"))
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+filepath.Join(dir, "notify"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await := func(state string) {
		t.Helper()
		buffer := make([]byte, 4096)
		for {
			n, err := socket.Read(buffer)
			if err != nil {
				t.Fatalf("no %s: %v", state, err)
			}
			if strings.Contains("\n"+string(buffer[:n])+"\n", "\n"+state+"\n") {
				return
			}
		}
	}
	await("READY=1")
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	await("STOPPING=1")
	if err := cmd.Wait(); err != nil {
		t.Errorf("SIGHUP, then SIGTERM: %v", err)
	}
}
