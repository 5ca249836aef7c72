// Package console serves a web page about a mapping: who may do what, why a request is allowed or denied, what
// an edited mapping would change, and the decision log as it grows. The code of the commands makes all answers.
//
// What the package promises:
//
//   - The console only reads. It does not save a mapping that is edited in the page.
//   - It answers 421 to a Host that is not its own (DNS rebinding), and 403 without the key.
//   - A page loads nothing from another host, and runs no script but the console's own file.
//   - A pasted token stays in memory for the one answer, and is not logged.
package console
