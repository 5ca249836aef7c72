package images

// Versions of the third-party programs that the tests run. No other file names them.
const (
	// MinIO's last commit, 2026-02-12.
	minioVersion = "v0.0.0-20260212201848-7aac2a2c5b7c"
	// The last published image of MinIO. It is older than the commit above; the code of
	// its webhook is the same.
	minioImage = "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z"
	mcVersion  = "v0.0.0-20250313080218-cf909e1063a9"
	goImage    = "golang:1.26"

	// Authentik can only be pulled.
	authentikImage = "ghcr.io/goauthentik/server:2026.8"
	postgresImage  = "docker.io/library/postgres:16-alpine"
	redisImage     = "docker.io/library/redis:7-alpine" // before 2025.10
)
