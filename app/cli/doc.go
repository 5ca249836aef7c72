// Package cli holds what the commands share: exit codes, loading a mapping, and the output as tables, Markdown,
// CSV, JSON, JUnit and SARIF.
package cli
