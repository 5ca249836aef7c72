// Package claimgate embeds the example configuration, so that the demo and the
// documentation use the same files with which an operator starts.
package claimgate

import _ "embed"

// ExampleMapping is mapping.example.toml. Callers must not modify it.
//
//go:embed mapping.example.toml
var ExampleMapping []byte

// ExampleConfig is config.example.toml, which has every key with its default.
//
//go:embed config.example.toml
var ExampleConfig []byte
