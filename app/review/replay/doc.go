// Package replay asks the questions of a decision log again under another mapping and
// collects the answers that differ.
//
// A line is judged again if the mapping had a say in it. No mapping changes the answer
// to a refused token or to root. A line does not hold everything, such as the value of a
// condition key that no policy read at the time. If the answer depends on a missing
// value, the line counts as uncertain, not as a flip.
//
// Several workers read the lines once, in pieces. Caches are bounded, so memory does not
// grow with the log.
package replay
