// Package drills tests the built program under the failures of production: the tests kill it, stop it, fill
// its disk, rotate its log, stall its output under load, and move the clock. There must never be a wrong
// allow, and never a line of the decision log that is lost without a report.
package drills
