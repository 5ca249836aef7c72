package stack

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/testcontainers/testcontainers-go"
)

// logsDir returns the directory for logs of failed tests: E2E_LOGS, or logs/ beside the
// tests.
func logsDir() string {
	if dir := os.Getenv("E2E_LOGS"); dir != "" {
		return dir
	}
	return "logs"
}

// keepLogs writes the containers' logs to files if the test has failed, and prints the
// paths. It never fails the test itself.
func (p *parts) keepLogs(tb testing.TB) {
	if !tb.Failed() {
		return
	}
	dir, err := filepath.Abs(filepath.Join(logsDir(), strings.ReplaceAll(tb.Name(), "/", "-")))
	if err != nil {
		dir = logsDir()
	}
	for _, c := range p.running {
		path := filepath.Join(dir, c.name+".log")
		if err := keepLog(c, path); err != nil {
			tb.Logf("log of %s: %v", c.name, err)
			continue
		}
		tb.Logf("log of %s kept in %s", c.name, path)
	}
}

func keepLog(c testcontainers.Container, path string) error {
	// The test's context is canceled by now.
	ctx, cancel := context.WithTimeout(context.Background(), maxWait)
	defer cancel()
	log, err := c.Logs(ctx)
	if err != nil {
		return err
	}
	defer log.Close()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, log)
	return errors.Join(err, file.Close())
}
