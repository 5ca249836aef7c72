// Package demo makes the sample traffic of "claimgate demo": requests with the
// members and the order that a real MinIO sends, by users of the embedded issuer
// (package issuer), each with the answer that the example mapping gives.
package demo
