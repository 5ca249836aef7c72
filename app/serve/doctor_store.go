package serve

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/verifier/revocation"
	"github.com/claimgate/claimgate/verifier/revocation/shared"
	"github.com/rs/zerolog"
)

// store connects to the shared store of revocations and reads it. store writes nothing.
func (d *doctor) store(ctx context.Context) {
	if d.config.Revocation.Store == "memory" {
		return
	}
	known := revocation.NewList(nil, retention(d.config))
	s, err := newStore(d.config, known, zerolog.Nop())
	if err != nil {
		d.say("revocation", err, "")
		return
	}
	s.Start()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	synced := s.WaitSynced(ctx)
	st := s.State()
	if err = s.Close(); !synced {
		err = errors.New(st.Store + " did not answer in time: is it reachable from here?")
		if st.Error != "" {
			err = fmt.Errorf("%s: %s", st.Store, st.Error)
		}
	}
	counts := known.Counts()
	d.say("revocation", err, fmt.Sprintf("%s, %d sessions and %d subjects ended", st.Store, counts.Sessions, counts.Subjects))
}

// newStore makes the store that the configuration names.
func newStore(c *config.Config, known *revocation.List, log zerolog.Logger) (*shared.Store, error) {
	issuers := make(map[string]string)
	for i := range c.Issuers {
		issuers[c.Issuers[i].Name] = c.Issuers[i].URL
	}
	return shared.New(shared.Options{
		URL: c.Revocation.Store, CAFile: c.Revocation.CAFile, MaxStale: c.Revocation.MaxStale, Issuers: issuers, List: known, Log: log,
		Password: func() string { return string(c.Revocation.RereadPassword()) },
	})
}
