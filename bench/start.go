package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// startUp measures the time from the start of the process until /readyz says 200,
// with and without a snapshot of the keys.
func startUp(ctx context.Context, w *world, r *results) error {
	iss, err := startIssuer(ctx, 4096)
	if err != nil {
		return err
	}
	defer func() { _ = iss.Close() }()
	snapshot := filepath.Join(w.dir, "keys.json")
	measure := func() (time.Duration, error) {
		begun := time.Now()
		p, err := w.startClaimgate(ctx, offName, iss.URL(), "CLAIMGATE_ISSUER_0_SNAPSHOT_FILE="+snapshot)
		if err != nil {
			return 0, err
		}
		defer stop(p)
		for time.Since(begun) < 5*time.Second {
			if _, err := get(ctx, p.admin+"/readyz"); err == nil {
				took := time.Since(begun)
				for range 200 { // wait for the snapshot that the next start reads
					if _, err := os.Stat(snapshot); err == nil {
						return took, nil
					}
					time.Sleep(10 * time.Millisecond)
				}
				return 0, fmt.Errorf("claimgate wrote no snapshot within two seconds")
			}
			time.Sleep(500 * time.Microsecond)
		}
		return 0, fmt.Errorf("claimgate is not ready after 5 s")
	}
	without, err := measure()
	if err != nil {
		return err
	}
	var with []float64
	for range w.rounds(11) {
		took, err := measure()
		if err != nil {
			return err
		}
		with = append(with, float64(took.Microseconds())/1e3)
	}
	r.record("start", median(with))
	r.draw(&plot{name: "start", title: "Start to ready", unit: "ms", bars: []bar{
		{name: "with a snapshot", value: median(with)},
		{name: "without a snapshot, issuer up", value: float64(without.Microseconds()) / 1e3},
		{name: "goal", value: 50, goal: true},
	}})
	return nil
}

// get returns the body of a 200. Any other status is an error.
func get(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, resp.Status)
	}
	return string(text), err
}
