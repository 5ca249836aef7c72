//go:build tools

// Package dex pins the Dex that the end-to-end tests log in at: go build makes its server.
package dex

import _ "github.com/dexidp/dex/cmd/dex"
