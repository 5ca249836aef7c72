// Package mapping reads mapping.toml, the file a security reviewer signs, and
// answers who holds which policies because of which line.
//
// What it promises:
//
//   - Names are data. A group, subject or account is compared byte for byte; no
//     blank, comma, quote, slash, wildcard or ${...} in it means anything.
//     Only policy names compare without case, and only between ASCII letters.
//   - Nothing is granted without a rule. A name without a rule, a claim outside
//     [claim].allow, an expired rule, a pattern that can be read in two ways, a
//     nil *Grants: each grants nothing.
//   - A file loads whole or not at all, and every finding says its line, its
//     column and what would be right.
//   - Revision is computed from the very bytes that were compiled.
//
// Load takes these steps, in this order:
//
//  1. Read the file, at most 16 MiB, once.
//  2. Lay it over the known keys; unknown keys, other cases and wrong types are
//     findings.
//  3. Read each policy file once and compile every policy.
//  4. Check each rule and index it: names in a map, patterns by their literal
//     beginning.
//  5. Look for what is allowed but should be looked at: the warnings.
//
// Principal takes these steps:
//
//  1. The names in the claim that [claim].allow lists.
//  2. The rules for each group: exact name, then patterns.
//  3. The rules for the subject.
//  4. Of all these, those of the principal's issuer, or of any, that have not
//     expired.
//  5. The guards, save those that except one of the principal's groups.
//
// Equal sets of rules share what is compiled for them, so that a hundred
// thousand principals of one role cost little more than one.
package mapping
