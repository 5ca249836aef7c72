// Package access computes who may do what under a mapping. The resources of a statement are a set: an Allow
// adds the set, and a Deny takes the set away.
//
// The sets, from the smallest:
//
//   - A Pattern is the text of one Resource, such as reports/*.
//   - A Region is the resources of one entry of a statement, under the statement's condition.
//   - A Term is the part of a Region that is left after other regions are taken away, such as reports/*
//     without reports/closed/*.
//
// Who holds what:
//
//   - A Principal stands for everybody whom one rule names.
//   - A Reader reads the statements that a principal holds. A Reach is all of these statements.
//
// The results: Allowed lists what grants allow, Entry is the same as text for a person, and Sides compares
// two mappings. A Chance and Samples tell package invariant which requests to try.
//
// What the package promises:
//
//   - Without conditions and policy variables the sets are exact, also for the captures of group patterns:
//     a resource is in a set if and only if the evaluator of package policy says so.
//   - With a condition or a variable, a set may hold too much, and never too little. The condition of an Allow
//     counts as met. A region with a condition, such as that of a Deny, takes nothing away, except from a Term
//     with the same condition (Term.minus). A variable may be any text, except against the same variable.
//
// The package never decides which text a capture is. A region keeps a capture by its name.
package access
