package images

import (
	"context"
	"os"
	"path/filepath"
)

// minioDockerfile needs no base image: MinIO is one static binary. MinIO needs a
// temporary directory, /tmp.
const minioDockerfile = `FROM scratch
COPY minio /usr/bin/minio
WORKDIR /tmp
WORKDIR /data
ENTRYPOINT ["/usr/bin/minio"]
`

// MinIO returns an image in which the command "server /data" runs MinIO.
func MinIO(ctx context.Context) (string, error) {
	e, err := open(ctx)
	if err != nil {
		return "", err
	}
	own := "claimgate-e2e/minio:" + minioVersion
	return e.resolve(ctx, source{
		env:   "E2E_MINIO_IMAGE",
		names: []string{own, minioImage},
		pull:  minioImage,
		build: func(ctx context.Context, e *engine) (string, error) {
			binary, err := goProgram(ctx, "github.com/minio/minio", minioVersion)
			if err != nil {
				return "", err
			}
			dir := filepath.Dir(binary)
			if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(minioDockerfile), 0o600); err != nil {
				return "", err
			}
			return e.buildDir(ctx, dir, own, nil)
		},
	})
}

// MC returns the path of MinIO's command line client, which runs on this machine.
func MC(ctx context.Context) (string, error) {
	if path := os.Getenv("E2E_MC"); path != "" {
		return path, nil
	}
	return goProgram(ctx, "github.com/minio/mc", mcVersion)
}
