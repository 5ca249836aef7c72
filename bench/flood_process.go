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

// The flood comes from a separate process, so that its cost in this process does not
// slow the client that is measured.

// The kinds of tokens in a flood.
const (
	forgedFlood = "forged"
	knownFlood  = "known"
)

// floodReport is what the flooding process prints at its end, as JSON.
type floodReport struct{ Sent, Allowed, Failed uint64 }

// floodFrom is the flooding process. It reads one question from the first line of in,
// sends questions to target until in ends, and writes floodReport to out.
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
		_, _ = io.Copy(io.Discard, lines) // waits for the end of in
		stop()
	}()
	var sent, allowed, failed atomic.Uint64
	sendFlood(ctx, newClient(at.Host, target, floodConns), question, &sent, &allowed, &failed)
	return json.NewEncoder(out).Encode(floodReport{sent.Load(), allowed.Load(), failed.Load()})
}

// flooding runs do while the flooding process runs. It returns what the flooding
// process printed, and how long it ran.
func flooding(ctx context.Context, kind, target string, body []byte, do func() error) (t floodReport, length time.Duration, err error) {
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
		time.Sleep(200 * time.Millisecond) // until the flood has begun
		err = do()
	}
	length = time.Since(begun)
	_ = in.Close() // ends the flood
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
