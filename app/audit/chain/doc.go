// Package chain is the tamper evidence of the decision log: what a chained line
// says of the line before it, and the check of a whole log.
//
// A chained line is a JSON object whose last members are, in this order and
// without blanks,
//
//	"chain":"<16 hex digits>","seq":<number from 1>,"prev":"<64 hex digits>"
//
// chain names one run of one process, seq counts its lines without a gap, and prev
// is the SHA-256 of the exact bytes of the chain's line before, without its
// newline. Before them may stand, in this order:
//
//	"opens":true            the first line of a new file, after a rotation
//	"after":"<chain>:<seq>" of seq 1: the chain whose last line the file held; prev is that line's hash
//	"torn":"<64 hex digits>" the SHA-256 of what stands between this line and the last whole one:
//	                        lines that a crash or a full disk has cut short, joined by newlines
//
// So every byte of a log but its last line is covered by a later one. The hash of
// the last line is the chain's head: whoever keeps it elsewhere finds a log that
// was shortened at its end or written anew as a whole, which nothing within the
// log can show.
package chain
