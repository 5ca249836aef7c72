package stack

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"
)

// logsDir is where logs of failed tests go: E2E_LOGS, or logs/ beside the tests.
func logsDir() string {
	if dir := os.Getenv("E2E_LOGS"); dir != "" {
		return dir
	}
	return "logs"
}

// keepLog writes a container's log to a file where the test failed, and names
// the file. It never fails the test itself.
func keepLog(tb testing.TB, c testcontainers.Container, name string) {
	if !tb.Failed() {
		return
	}
	// The test's own context is canceled by now.
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	dir := filepath.Join(logsDir(), strings.ReplaceAll(tb.Name(), "/", "-"))
	path := filepath.Join(dir, name+".log")
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	log, err := c.Logs(ctx)
	if err != nil {
		tb.Logf("log of %s: %v", name, err)
		return
	}
	defer log.Close()
	if err := os.MkdirAll(dir, 0o750); err != nil {
		tb.Logf("log of %s: %v", name, err)
		return
	}
	file, err := os.Create(path)
	if err != nil {
		tb.Logf("log of %s: %v", name, err)
		return
	}
	defer file.Close()
	if _, err := io.Copy(file, log); err != nil {
		tb.Logf("log of %s: %v", name, err)
		return
	}
	tb.Logf("log of %s kept in %s", name, path)
}
