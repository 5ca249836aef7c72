// Package drills holds no code but tests that start the built program and do to
// it what production does: kill it, stop it, fill its disk, rotate its log and
// stall its output under load, and move the clock. What must never happen is an
// allow that is wrong, or a line of the decision log that is lost in silence.
package drills
