// Package access is the algebra of who may do what: sets of resources, under conditions, that
// statements of policies allow and deny.
//
// A Region is what one statement names, a Term is a part of a region that is left after other regions
// were taken away. A Reader reads the statements that a principal holds. Principals lists the
// principals that stand for everybody whom a mapping names.
//
// What the package promises:
//
//   - Without conditions and policy variables the algebra is exact, also for the captures of group
//     patterns: a resource is in a set if and only if the evaluator of package policy says so.
//   - With them a set may be larger, and is never smaller: a condition may hold, and a variable may
//     stand for any text, unless both sides have the same condition or variable.
//
// The algebra never decides what a capture is equal to. A region keeps a capture by its name.
package access
