// Package server answers HTTP requests: MinIO's on the public listener, and operators' on the admin
// listener.
//
// MinIO reads the body of an answer and ignores its status. So a body must never read as an allow by
// mistake:
//
//   - One place writes {"result":true}, and only after a decision that allows is complete. Answers are
//     never compressed, streamed or redirected.
//   - Every other body holds "result":false, also after an error.
//   - The server checks the caller before it parses the body.
package server
