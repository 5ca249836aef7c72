// Package oracle holds no product code: its tests compare the policy engine
// with MinIO's own, github.com/minio/pkg/v3 at the version that MinIO servers
// run. That module is licensed under the AGPL, so it lives in a Go module of
// its own that nothing imports.
package oracle
