package main

import (
	"context"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// readyAtLatest is how long systemd is kept waiting for the issuer's keys: what
// starts after claimgate, MinIO first of all, then finds it able to decide. Not
// longer, since without keys root and static accounts are answered all the same.
const readyAtLatest = 10 * time.Second

// announce tells systemd (sd_notify(3)) that the service is ready, and from then
// on that it is alive, where the unit asks for it (WatchdogSec=). Elsewhere, as
// in a container, nobody listens and nothing is told.
func (s *service) announce(ctx context.Context) {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	late := time.NewTimer(readyAtLatest)
	defer late.Stop()
	for waiting := !s.admin.Readiness().Ready; waiting; {
		select {
		case <-ctx.Done():
			return
		case <-late.C:
			waiting = false
		case <-again.C:
			waiting = !s.admin.Readiness().Ready
		}
	}
	s.announced.Store(true)
	s.tell(daemon.SdNotifyReady + "\n" + s.status())
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil || every == 0 {
		return
	}
	alive := time.NewTicker(every / 2) // as sd_watchdog_enabled(3) asks
	defer alive.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-alive.C:
			s.tell(daemon.SdNotifyWatchdog + "\n" + s.status())
		}
	}
}

// status is what systemctl status shows.
func (s *service) status() string {
	if s.admin.Readiness().Ready {
		return "STATUS=answering on " + s.url()
	}
	return "STATUS=answering on " + s.url() + ", but not ready: see /readyz"
}

// telling brackets a reload, for units of Type=notify-reload.
func (s *service) telling(reload func()) {
	if !s.announced.Load() {
		reload() // RELOADING=1 counts for what has been ready
		return
	}
	s.tell(daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec())
	reload()
	s.tell(daemon.SdNotifyReady + "\n" + s.status())
}

func (s *service) tell(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		s.log.Warn().Err(err).Msg("systemd could not be told: NOTIFY_SOCKET")
	}
}
