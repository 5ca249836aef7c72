// Package chain makes the decision log tamper-evident. It appends to each line a link to the previous
// line, and verifies a whole log.
//
// A chained line is a JSON object whose last members are, in this order and without blanks,
//
//	"chain":"<16 hex digits>","seq":<number from 1>,"prev":"<64 hex digits>"
//
// chain names one run of one process. seq numbers its lines without a gap. prev is the SHA-256 of the
// exact bytes of the chain's previous line, without its newline. These members may come before them, in
// this order:
//
//	"opens":true            the first line of a new file, after a rotation
//	"after":"<chain>:<seq>" of seq 1: the chain whose last line the file held; prev is that line's hash
//	"torn":"<64 hex digits>" the SHA-256 of the text between the last whole line and this line:
//	                        lines that a crash or a full disk has cut short, joined by newlines
//
// So a later line protects every byte of a log, except for the last line. The hash of the last line is the
// chain's head. If the head is kept elsewhere, it shows that a log was shortened at its end or rewritten as
// a whole. The log alone cannot show either.
package chain
