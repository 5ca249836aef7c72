package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"sync/atomic"
	"time"
)

// The flood comes from a process of its own, so that what it costs there does not
// slow the client that is measured.

// What it is of.
const (
	forgedFlood = "forged"
	knownFlood  = "known"
)

// told is what the flooding process says at its end.
type told struct{ Sent, Allowed, Failed uint64 }

// floodFrom is that process: it asks until its input ends. The question comes by its
// input, as one line.
func floodFrom(in io.Reader, out io.Writer, kind, target string) error {
	at, err := url.Parse(target)
	if err != nil {
		return err
	}
	lines := bufio.NewReader(in)
	body, err := lines.ReadBytes('\n')
	if err != nil {
		return err
	}
	body = body[:len(body)-1]
	question := func(uint64) []byte { return body }
	if kind == forgedFlood {
		forged, err := forgeries(body)
		if err != nil {
			return err
		}
		question = forged.number
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, lines) // its end is the signal
		stop()
	}()
	var sent, allowed, failed atomic.Uint64
	askOften(ctx, newClient(at.Host, target, floodConns), question, &sent, &allowed, &failed)
	return json.NewEncoder(out).Encode(told{sent.Load(), allowed.Load(), failed.Load()})
}

// flooding runs do beside that process, and returns what it tells and how long
// it flooded.
func flooding(ctx context.Context, kind, target string, body []byte, do func() error) (t told, length time.Duration, err error) {
	self, err := os.Executable()
	if err != nil {
		return t, 0, err
	}
	cmd := exec.CommandContext(ctx, self, "flood", kind, target)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return t, 0, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return t, 0, err
	}
	if err := cmd.Start(); err != nil {
		return t, 0, err
	}
	begun := time.Now()
	_, err = fmt.Fprintf(in, "%s\n", body)
	if err == nil {
		time.Sleep(200 * time.Millisecond) // until it has begun
		err = do()
	}
	length = time.Since(begun)
	_ = in.Close() // it ends by this
	text, readErr := io.ReadAll(out)
	if waitErr := cmd.Wait(); err == nil {
		err = waitErr
	}
	if err == nil {
		err = readErr
	}
	if err == nil {
		err = json.Unmarshal(text, &t)
	}
	return t, length, err
}
