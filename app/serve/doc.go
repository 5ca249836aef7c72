// Package serve puts the service together from a configuration, and keeps the service running: start,
// reload, readiness, stop.
//
// A part that cannot be made stops the start, before anything is served. A file that cannot be read
// again stays as it was.
package serve
