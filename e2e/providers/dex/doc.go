// Package dex pins the version of Dex for the end-to-end tests: go.mod names Dex's command as a tool.
package dex
