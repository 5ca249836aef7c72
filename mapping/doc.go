// Package mapping reads mapping.toml, the file that a security reviewer signs. It answers which policies
// somebody holds, and which line of the file grants each of them.
//
// What it promises:
//
//   - Names are data. A group, subject or account is compared byte for byte. Blanks, commas, quotes, slashes,
//     wildcards and ${...} have no meaning in a name. Policy names compare without case, but only between
//     ASCII letters.
//   - Nothing is granted without a rule. A name without a rule, a name that [claim].allow does not list, an
//     expired rule, a pattern that fits a name in two ways, a nil *Grants: each grants nothing.
//   - A file loads completely or not at all. Every finding has a line and a column, and says what would be right.
//   - Revision is computed from the same bytes that were compiled.
//
// Load takes these steps, in this order:
//
//  1. Read the file once, at most 16 MiB.
//  2. Decode the file. Unknown keys, keys in another case and values of a wrong type are findings.
//  3. Read each policy file once and compile every policy.
//  4. Check each rule and index it: names in a map, patterns by their literal prefix.
//  5. Look for what is allowed but should be reviewed: the warnings.
//
// Principal collects:
//
//  1. The policies that the token's claim names and [claim].allow lists.
//  2. The rules for each group: by exact name, then by pattern.
//  3. The rules for the subject.
//  4. Of all these, only the rules that have not expired and that are for the principal's issuer or for any issuer.
//  5. The guards, except those that do not bind one of the principal's groups.
//
// Equal sets of rules share what is compiled for them. So a hundred thousand principals of one role cost
// little more than one principal.
package mapping
