// Package demo makes the sample traffic of "claimgate demo": requests by users of the embedded issuer (package
// issuer), with the members and the order of a real MinIO, and the answer that the example mapping gives to each.
package demo
