package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"time"
)

// The flood comes from a separate process, so that its cost in this process does not
// slow the client that is measured.

// The kinds of tokens in a flood.
const (
	forgedFlood = "forged" // the one question, each time with another wrong signature
	knownFlood  = "known"  // the one question
	newFlood    = "new"    // all questions, each once
)

// floodReport is what the flooding process prints at its end, as JSON.
type floodReport struct{ Sent, Allowed, Failed uint64 }

// floodFrom is the flooding process. It reads questions, a line each, up to an empty line. It sends questions to
// target, rate a second, until in ends, and writes floodReport to out.
func floodFrom(in io.Reader, out io.Writer, kind, target, rate string) error {
	at, err1 := url.Parse(target)
	perSecond, err2 := strconv.Atoi(rate)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	lines := bufio.NewReader(in)
	var bodies [][]byte
	for {
		body, err := lines.ReadBytes('\n')
		if err != nil {
			return err
		}
		if len(body) == 1 {
			break
		}
		bodies = append(bodies, body[:len(body)-1])
	}
	question := func(uint64) []byte { return bodies[0] }
	switch kind {
	case forgedFlood:
		forged, err := forgeries(bodies[0])
		if err != nil {
			return err
		}
		question = forged.number
	case newFlood:
		question = func(n uint64) []byte {
			if n < uint64(len(bodies)) {
				return bodies[n]
			}
			return nil
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, lines) // waits for the end of in
		stop()
	}()
	var sent, allowed, failed atomic.Uint64
	sendFlood(ctx, newClient(at.Host, target, floodConns), perSecond, question, &sent, &allowed, &failed)
	return json.NewEncoder(out).Encode(floodReport{sent.Load(), allowed.Load(), failed.Load()})
}

// flooding runs do while the flooding process runs. It returns what the flooding
// process printed, and how long it ran.
func flooding(ctx context.Context, kind, target string, rate int, bodies [][]byte, do func() error) (t floodReport, length time.Duration, err error) {
	self, err := os.Executable()
	if err != nil {
		return t, 0, err
	}
	cmd := exec.CommandContext(ctx, self, "flood", kind, target, strconv.Itoa(rate))
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
	_, err = fmt.Fprintf(in, "%s\n\n", bytes.Join(bodies, []byte("\n")))
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
