package cli

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/app/serve"
	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/mapping"
)

// LoadMapping reads the mapping file of a command. The error is an *ExitError with ExitUsage if path is empty, the
// file cannot be read, or the mapping has errors.
func LoadMapping(path string) (*mapping.Mapping, error) {
	if path == "" {
		return nil, Exit(ExitUsage, errors.New("name the mapping with --mapping FILE"))
	}
	if err := Readable(path); err != nil {
		return nil, Exit(ExitUsage, err)
	}
	m, found := mapping.Load(path)
	if m == nil {
		return nil, Exit(ExitUsage, fmt.Errorf("%s has errors:\n%w", path, finding.AsError(found)))
	}
	return m, nil
}

// OfflineOptions returns the options of a gate that decides by the mapping m without a server. If configFile is
// not empty, the evidence rules, the owner rule and the issuers come from that config.toml and the environment
// env. issuer is the name of the issuer if none is configured.
func OfflineOptions(m *mapping.Mapping, configFile, issuer string, now func() time.Time, env []string) (offline.Options, error) {
	o := offline.Options{Mapping: m, Issuer: issuer, Now: now}
	if configFile == "" {
		return o, nil
	}
	c, found := config.Load(configFile, env)
	if c == nil || finding.HasErrors(found) {
		return o, Exit(ExitUsage, fmt.Errorf("%s has errors:\n%w", configFile, finding.AsError(found)))
	}
	o = serve.Offline(c, m)
	o.Issuer, o.Now = issuer, now
	return o, nil
}

// Clock returns the clock for grants that expire. at is the value of --at: a date, or a time of RFC 3339. If at
// is empty, the clock is time.Now.
func Clock(at string) (func() time.Time, error) {
	if at == "" {
		return time.Now, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, at); err == nil {
			return func() time.Time { return t }, nil
		}
	}
	return nil, Exit(ExitUsage, fmt.Errorf("--at %q: write a date such as 2027-03-31, or a time such as 2027-03-31T12:00:00Z", at))
}

// Readable returns an error if the file cannot be opened, or is a directory.
func Readable(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a directory: name a file", path)
	}
	return nil
}
