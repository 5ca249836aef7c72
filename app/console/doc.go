// Package console is a page for people who would rather look than read: who may do what, why an answer is
// what it is, what a change would change, and the decision log as it grows. Everything the page says comes
// from the code of the commands.
//
// What the package promises:
//
//   - It reads only. A mapping that is edited in the page is saved nowhere.
//   - It answers 421 to a name that is not its own (DNS rebinding), and 403 without the key.
//   - A page fetches nothing from elsewhere, and runs no script but the console's own file.
//   - A token that is pasted stays in memory for the answer, and is not logged.
package console
