// Package replay puts the questions of a decision log to another mapping and
// gathers which answers would differ.
//
// A line is judged again where the mapping had a say: where a token was refused,
// or root was let through, no mapping changes the answer. What a line does not
// hold, such as the value of a condition key that no policy of its time has
// read, is not made up: where the answer would hang on it, it counts as
// uncertain and not as a flip.
//
// Lines are read once, in pieces, by several workers. What is remembered is
// bounded, so that memory does not grow with the log.
package replay
