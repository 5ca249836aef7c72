package audit

import "time"

// SetMaxWait sets how long Write waits for its line. Call it while no Write runs.
func (l *Log) SetMaxWait(d time.Duration) { l.maxWait = d }

// Writing reports whether a write to the output is in progress.
func (l *Log) Writing() bool {
	if l.out.mu.TryLock() {
		l.out.mu.Unlock()
		return false
	}
	return true
}
