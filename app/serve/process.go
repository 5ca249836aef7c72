package serve

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/claimgate/claimgate/app/config"
)

// StartError says why a service did not start.
type StartError struct{ Err error }

func (e *StartError) Error() string { return e.Err.Error() }

func (e *StartError) Unwrap() error { return e.Err }

// Process serves with the configuration c until SIGTERM or SIGINT. SIGHUP reloads. Process changes the
// whole process: signals and the garbage collector's limit. The error is a *StartError if nothing was
// served.
func Process(ctx context.Context, c *config.Config, b Build) error {
	log := NewLog(c.Log)
	for _, w := range c.Warnings() {
		log.Warn().Bool("insecure", true).Msg(w)
	}
	ignoreWriteSignals()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)

	collectEarly()
	limitMemory(c, log, memlimit.FromCgroup)
	s, err := New(ctx, c, b, log)
	if err != nil {
		return &StartError{err}
	}
	go func() {
		for {
			select {
			case <-hangups:
				s.reloadNotifying(s.hangup)
			case <-ctx.Done():
				return
			}
		}
	}()
	return s.Run(ctx)
}
