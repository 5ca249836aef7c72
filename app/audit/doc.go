// Package audit writes the decision log: one JSON object per line, one line per answer.
//
// It promises:
//
//   - Denies are always written, allows as configured. A line is written whole or counted as lost. After
//     a failure, the first line is an event with the number of lost lines.
//   - If the log is required, an allow needs a written line. If Write returns an error, Server.record of
//     package server answers with a deny and calls WriteDeny.
//   - Entry.marshal lists each member of a line. The log never copies conditions and claims, because they
//     hold tokens, signatures, cookies and SSE-C keys. It shows a token only as the start of the token's
//     SHA-256.
//   - A line shows what was asked and answered, not what was done: MinIO asks about an upload before it
//     has checked the request's signature.
//   - If the log is chained, each line has the hash of the previous line (package chain).
//
// Write encodes a line on the request's goroutine and queues it. One writer goroutine takes all queued
// lines, chains them, and passes them to the operating system with one call. Then each Write returns.
package audit
