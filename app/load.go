package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/mapping"
)

// loadMappingFile reads a mapping for a command that only looks at it.
func loadMappingFile(path string) (*mapping.Mapping, error) {
	if path == "" {
		return nil, cli.Exit(cli.ExitUsage, errors.New("name the mapping with --mapping FILE"))
	}
	if err := readable(path); err != nil {
		return nil, cli.Exit(cli.ExitUsage, err)
	}
	m, found := mapping.Load(path)
	if m == nil {
		return nil, cli.Exit(cli.ExitUsage, fmt.Errorf("%s has errors:\n%w", path, findingsError(found)))
	}
	return m, nil
}

// gateOptions are those of an offline gate: with a configuration, its words.
func gateOptions(m *mapping.Mapping, configFile, issuer string, now func() time.Time, env []string) (offline.Options, error) {
	o := offline.Options{Mapping: m, Issuer: issuer, Now: now}
	if configFile == "" {
		return o, nil
	}
	c, found := config.Load(configFile, env)
	if c == nil || finding.HasErrors(found) {
		return o, cli.Exit(cli.ExitUsage, fmt.Errorf("%s has errors:\n%w", configFile, findingsError(found)))
	}
	for _, i := range c.Issuers {
		o.Issuers = append(o.Issuers, offline.Issuer{Name: i.Name, URL: i.URL, UsernameClaim: i.UsernameClaim})
	}
	o.Evidence, o.EvaluateOwner = evidenceOf(c), c.Owner.Decision == "evaluate"
	return o, nil
}

// clock is the time at which grants are judged: now, or what --at says.
func clock(at string) (func() time.Time, error) {
	if at == "" {
		return time.Now, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, at); err == nil {
			return func() time.Time { return t }, nil
		}
	}
	return nil, cli.Exit(cli.ExitUsage, fmt.Errorf("--at %q: write a date such as 2027-03-31, or a time such as 2027-03-31T12:00:00Z", at))
}
