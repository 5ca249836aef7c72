// Package replay decides the requests of a decision log again under another mapping, and collects the answers
// that differ. A changed answer is a flip.
//
// A line is decided again if its answer can depend on the mapping. No mapping changes the answer to a refused
// token or to root. A line does not hold everything, such as the value of a condition key that no policy read at
// the time. If the answer depends on a missing value, the line counts as uncertain, not as a flip.
//
// Several workers read the log once, in pieces. Caches are bounded, so memory does not grow with the log.
package replay
