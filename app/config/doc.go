// Package config reads config.toml and the environment into one typed Config, or
// returns everything that is wrong with them.
//
// Load takes these steps, in this order:
//
//  1. Every key gets the default of its struct tag.
//  2. The keys of the file, if there is a file, replace the defaults. Keys are compared byte for byte: an
//     unknown key, and a known key in another case, is an error.
//  3. Variables CLAIMGATE_<SECTION>_<KEY> replace the keys of the file. Issuers have a number:
//     CLAIMGATE_ISSUER_0_URL. An unknown CLAIMGATE_ variable is an error, because a misspelled variable would
//     silently leave a setting at its default. Only the variables that Kubernetes injects for a Service named
//     claimgate are ignored. Commas separate the elements of a list, and blanks around an element are dropped.
//  4. Every value is checked on its own, then against the others.
//  5. Files with secrets, certificates and keys are read, so that an unreadable file stops the start and not
//     the first request. A path in the file is relative to the file, a path in a variable to the working
//     directory.
//  6. Choices that weaken the gate become warnings.
//
// The findings of all steps are returned together, each with file, line, column
// and the fix. If one of them is an error there is no Config.
//
// An empty list never means "any", and an empty secret never means "none": both
// are errors. Secrets print as [redacted] in every form.
package config
