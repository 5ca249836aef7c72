// Package oracle has only tests. They compare package policy with MinIO's own engine,
// github.com/minio/pkg/v3, at the version that MinIO servers run. MinIO's engine is licensed under the
// AGPL, so these tests are a Go module of their own that nothing imports.
package oracle
