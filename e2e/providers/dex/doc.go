// Package dex pins the Dex that people log in at in the end-to-end tests: go.mod names its command as a tool.
package dex
