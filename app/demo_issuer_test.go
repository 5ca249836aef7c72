package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
)

var kidIn = regexp.MustCompile(`kid ([0-9a-f]{32})$`)

// runIssuer starts the command. nextKid reads the kid from the next line of the output, and stop ends the command.
func runIssuer(t *testing.T, args ...string) (nextKid func() string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	cmd := newDemoIssuerCmd()
	cmd.SetOut(writer)
	cmd.SetErr(writer)
	cmd.SetArgs(append([]string{"--listen", "127.0.0.1:0"}, args...))
	done := make(chan error, 1)
	go func() {
		err := cmd.ExecuteContext(ctx)
		writer.CloseWithError(io.EOF)
		done <- err
	}()
	lines := bufio.NewScanner(reader)
	nextKid = func() string {
		t.Helper()
		if !lines.Scan() {
			t.Fatal("the issuer stopped")
		}
		found := kidIn.FindStringSubmatch(lines.Text())
		if found == nil {
			t.Fatalf("%q names no kid", lines.Text())
		}
		return found[1]
	}
	stop = func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	return nextKid, stop
}

func TestDemoIssuerKeepsItsKeyInAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key.pem")

	kid, stop := runIssuer(t, "--key-file", file)
	first := kid()
	stop()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file has mode %o, want 600", info.Mode().Perm())
	}

	kid, stop = runIssuer(t, "--key-file", file)
	defer stop()
	if again := kid(); again != first {
		t.Errorf("kid is %s after the restart, was %s", again, first)
	}
}

func TestDemoIssuerRotatesOnHangup(t *testing.T) {
	kid, stop := runIssuer(t)
	defer stop()
	before := kid()
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if after := kid(); after == before {
		t.Error("SIGHUP left the key as it was")
	}
}

func TestDemoIssuerRefusesWhatIsNoKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := newDemoIssuerCmd()
	cmd.SetOut(io.Discard)
	cmd.SetErr(io.Discard)
	cmd.SetArgs([]string{"--listen", "127.0.0.1:0", "--key-file", file})
	if err := cmd.ExecuteContext(t.Context()); err == nil {
		t.Error("a file without a key was taken")
	}
}
