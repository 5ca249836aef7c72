// Package claimgate holds the example configuration that ships with the
// program, so that the demo and the documentation use the very files an
// operator starts from.
package claimgate

import _ "embed"

// ExampleMapping is mapping.example.toml.
//
//go:embed mapping.example.toml
var ExampleMapping []byte

// ExampleConfig is config.example.toml: every key with its default.
//
//go:embed config.example.toml
var ExampleConfig []byte
