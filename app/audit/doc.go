// Package audit writes the decision log: one JSON object a line, for every
// answer that was given.
//
// What it promises:
//
//   - Denies are always written, allows as configured. A line is written whole
//     or reported as lost; nothing is dropped in silence, and what was lost is
//     said by a line of its own once the output takes lines again.
//   - Where the log is required, an allow counts only if its line is written:
//     Write says so, and the caller answers with a deny (Instead).
//   - What a line holds is listed here, member by member. conditions and claims
//     are never copied, since they hold tokens, signatures, cookies and SSE-C
//     keys. The token shows only as the start of its SHA-256.
//   - A line says what was asked and answered, not what was done: MinIO asks
//     about uploads before it has checked the request's signature.
//   - Where it is chained, each line carries the hash of the one before (package
//     chain).
//
// A line takes these steps: Write encodes it on the request's goroutine and
// queues it; one writer takes all lines that wait, chains them, and hands them to
// the operating system with one call; each Write then returns.
package audit
