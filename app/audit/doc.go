// Package audit writes the decision log: one JSON object a line, for every
// answer that was given.
//
// What it promises:
//
//   - Denies are always written, allows as configured. A line is written whole
//     or reported as lost; nothing is dropped in silence.
//   - What a line holds is listed here, member by member. conditions and claims
//     are never copied, since they hold tokens, signatures, cookies and SSE-C
//     keys. The token shows only as the start of its SHA-256.
//   - A line says what was asked and answered, not what was done: MinIO asks
//     about uploads before it has checked the request's signature.
package audit
