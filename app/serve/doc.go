// Package serve puts the service together from a configuration, and keeps the service running: start,
// reload, readiness, stop.
//
// If a part cannot be made, the service does not start. If a file cannot be read again, its earlier
// content stays in use.
package serve
