package serve

import (
	"context"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// readyTimeout bounds how long systemd waits for the issuer's keys. A unit that starts after
// claimgate, such as MinIO, then finds claimgate able to decide. The wait is bounded because root and
// static accounts get answers without keys.
const readyTimeout = 10 * time.Second

// announce tells systemd (sd_notify(3)) that the service is ready, and from then on that the service
// is alive if the unit has WatchdogSec=. Without systemd announce does nothing.
func (s *Service) announce(ctx context.Context) {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	late := time.NewTimer(readyTimeout)
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
	s.notify(daemon.SdNotifyReady + "\n" + s.status())
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
			s.notify(daemon.SdNotifyWatchdog + "\n" + s.status())
		}
	}
}

// status returns the line that systemctl status shows.
func (s *Service) status() string {
	if s.admin.Readiness().Ready {
		return "STATUS=answering on " + s.URL()
	}
	return "STATUS=answering on " + s.URL() + ", but not ready: see /readyz"
}

// reloadNotifying reloads, and notifies systemd of the start and the end, for units of Type=notify-reload.
func (s *Service) reloadNotifying(reload func()) {
	if !s.announced.Load() {
		reload() // systemd takes RELOADING=1 only after READY=1
		return
	}
	s.notify(daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec())
	reload()
	s.notify(daemon.SdNotifyReady + "\n" + s.status())
}

func (s *Service) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		s.log.Warn().Err(err).Msg("systemd cannot be notified: check NOTIFY_SOCKET")
	}
}
