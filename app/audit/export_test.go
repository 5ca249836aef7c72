package audit

import "time"

// SetPatience sets how long an answer waits for its line, before any is written.
func (l *Log) SetPatience(d time.Duration) { l.patience = d }

// Writing reports whether the output is busy with lines.
func (l *Log) Writing() bool {
	if l.out.mu.TryLock() {
		l.out.mu.Unlock()
		return false
	}
	return true
}
