// Package server is the gateway's outside: the listener that MinIO asks, and
// the listener for operators.
//
// MinIO reads the body of an answer and ignores its status, so what must never
// happen is that a body reads as an allow which is none:
//
//   - {"result":true} is written in one place, for a decision that allows, after
//     it is complete. Answers are never compressed, streamed or redirected.
//   - Every other body, whatever went wrong, holds "result":false.
//   - Who may ask is checked before the body is looked at.
package server
