// Package cli holds what the commands share: exit codes, the width of the terminal, and
// lists that fit into a line.
package cli
