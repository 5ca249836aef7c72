package e2e

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/claimgate/claimgate/e2e/internal/images"
	"github.com/claimgate/claimgate/e2e/internal/person"
)

// docs/quickstart.md works as written: the test runs its commands and no others, on its
// ports, and chooses rhea in the browser. It replaces only the first block: the programs
// come from the other tests.
func TestQuickstart(t *testing.T) {
	root, err := images.Repository()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "quickstart.md"))
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	programs, err := images.Programs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range programs {
		if !strings.Contains(string(text), "go install "+p.Module+"@"+p.Version+"\n") {
			t.Errorf("the guide does not install %s@%s", p.Module, p.Version)
		}
		if err := os.Symlink(p.File, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(bin, "claimgate"), "./app")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}

	// The browser that login opens is chromium, which the test drives.
	home := t.TempDir()
	page := filepath.Join(home, "page")
	opener := "#!/bin/sh\nprintf %s \"$1\" > " + page + ".new && mv " + page + ".new " + page + "\n"
	if err := os.WriteFile(filepath.Join(bin, "xdg-open"), []byte(opener), 0o700); err != nil {
		t.Fatal(err)
	}
	browser := person.New(t)

	// Processes in the background end with the script.
	script := "set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n"
	blocks := 0
	for rest := string(text); ; blocks++ {
		_, after, found := strings.Cut(rest, "\n```sh\n")
		if !found {
			break
		}
		block, behind, closed := strings.Cut(after, "\n```\n")
		if !closed {
			t.Fatal("a block is not closed")
		}
		script += block + "\n"
		rest = behind
	}
	if blocks < 6 {
		t.Fatalf("the guide has %d blocks", blocks)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute) // ends a guide that hangs
	defer cancel()
	c := exec.CommandContext(ctx, "bash", "-c", script)
	c.Env = append(os.Environ(), "XDG_CONFIG_HOME=", "XDG_CACHE_HOME=", "DBUS_SESSION_BUS_ADDRESS=", "XDG_RUNTIME_DIR=", "HOME="+home, "PATH="+bin+":"+os.Getenv("PATH"))
	c.WaitDelay = 5 * time.Second
	chosen := make(chan error, 1)
	go func() { chosen <- chooseRhea(ctx, browser, page) }()
	out, err := c.CombinedOutput()
	if err := <-chosen; err != nil {
		t.Error(err)
	}
	if err != nil {
		for _, log := range []string{"issuer.log", "claimgate.log", "minio.log"} {
			text, _ := os.ReadFile(filepath.Join(home, "claimgate-quickstart", log))
			t.Logf("%s:\n%s", log, text)
		}
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"\nforty-two\n", "denied, as the mapping says", "denied, as rhea has logged out", `"reason":"policy_implicit_deny"`, "mapping.toml:3"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
}

// chooseRhea waits for the login page and chooses rhea there.
func chooseRhea(ctx context.Context, browser *person.Person, page string) error {
	for {
		address, err := os.ReadFile(page)
		if err == nil {
			return browser.Visit(string(address), chromedp.Click(`button[value="rhea"]`, chromedp.ByQuery), person.Reads("You are logged in"))
		}
		select {
		case <-ctx.Done():
			return errors.New("no login page was opened")
		case <-time.After(100 * time.Millisecond):
		}
	}
}
