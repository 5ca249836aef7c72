// Package diff says who gains and who loses what between two mappings. It
// compares what the rules and policies mean, not their text: action by action,
// and over resource patterns as sets of names.
//
// What it promises:
//
//   - Where no condition and no policy variable is involved the answer is exact,
//     for what patterns capture too: asking both mappings about any action on any
//     resource finds a gain or a loss where one is reported, and nowhere else.
//   - Where one is involved nothing is missed, and what is reported may be more:
//     a condition is taken to hold where that is worse, and a variable to stand
//     for any text, unless the very same condition or variable is on both sides.
//   - Whoever a rule of either mapping speaks of is compared: alone, and with
//     each group whose membership lifts a Deny.
//   - Times to come count: a grant that now expires later is a gain from the day
//     on which it used to expire.
//
// Compare takes these steps:
//
//  1. Name the principals: each group, each pattern by names that fit it, each
//     subject, account, and name in the claim, at each issuer that a rule names
//     and at any other.
//  2. For each, and each action, gather the regions that are allowed and denied
//     before and after. A region is what some patterns have in common, without
//     what some others name. What a capture is equal to is never decided: a region
//     keeps the capture by its name, and so does what is printed.
//  3. Gained is what is allowed after, is not denied after, and was either not
//     allowed before or denied before. Lost is the same the other way round.
//  4. Leave out what is empty, which a search over the patterns' automata tells.
//     Where a capture would have to be compared with several texts at once the
//     search may leave in what no name fits, never the other way round.
package diff
