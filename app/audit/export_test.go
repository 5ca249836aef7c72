package audit

import "time"

// SetPatience sets how long an answer waits for its line, before any is written.
func (l *Log) SetPatience(d time.Duration) { l.patience = d }
