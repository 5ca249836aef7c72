// Package diff compares two mappings and returns who gains and who loses which access. It compares the meaning
// of rules and policies, not their text: action by action, with resource patterns as sets of resources.
//
// What the package promises:
//
//   - Without conditions and policy variables the result is exact, also for the captures of group patterns. A
//     gain or a loss is reported if and only if the two mappings answer a request for that action on that
//     resource differently.
//   - With a condition or a variable the result misses nothing, and may report too much. A condition counts as
//     met or as not met, whichever reports more, and a variable as any text, unless both mappings have the same
//     condition or variable.
//   - Every principal that a rule of either mapping names is compared, alone and together with each group that
//     lifts a Deny.
//   - Future times count. If a grant expires later than before, the gain begins at the old time of expiry.
//
// Compare works in four steps:
//
//  1. List the principals: each group, subject, account and policy in the claim that a rule names, and made-up
//     groups for each group pattern. Each is compared at each issuer that a rule names and at any other issuer.
//  2. For each principal and each action, collect the regions that are allowed and denied before and after. See
//     package access for regions. The package never decides which text a capture is: a region keeps the capture
//     by its name, and so does the output.
//  3. Compute the gain: what is allowed and not denied after, and was not allowed or was denied before. The loss
//     is the gain of the opposite change.
//  4. Leave out empty sets. A search over the automata of the patterns finds out which sets are empty. If a
//     capture must be compared with several texts at once, the search may keep an empty set. The search never
//     drops a set that is not empty.
package diff
