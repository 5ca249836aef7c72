// Package hydra pins the Ory Hydra that people log in at in the end-to-end tests: go.mod names its command as a tool.
package hydra
