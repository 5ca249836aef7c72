// Package config reads config.toml and the environment into one typed Config, or
// says everything that is wrong with them.
//
// Load takes these steps, in this order:
//
//  1. Every key gets the default its struct tag names.
//  2. The file, if one is named, is laid over that. Keys are compared byte for
//     byte: an unknown key, or a known one in another case, is an error.
//  3. Variables CLAIMGATE_<SECTION>_<KEY> are laid over the file, issuers by
//     number: CLAIMGATE_ISSUER_0_URL. An unknown CLAIMGATE_ variable is an error,
//     because a misspelled one would leave a setting at its default in silence;
//     only those that Kubernetes injects for a Service named claimgate are not
//     ours. Lists are separated by commas, blanks around an element are dropped.
//  4. Every value is checked on its own, then against the others.
//  5. Files with secrets, certificates and keys are read, so that an unreadable
//     one stops the start and not the first request. A path in the file is
//     relative to the file; a path in a variable to the working directory.
//  6. Choices that weaken the gate are collected as warnings.
//
// All findings of all steps are returned together, each with file, line, column
// and the fix. If one of them is an error there is no Config.
//
// An empty list never means "any", and an empty secret never means "none": both
// are errors. Secrets print as [redacted] in every form.
package config
