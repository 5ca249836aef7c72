package images

import "context"

// Program is a program of MinIO on this machine, with its Go module.
type Program struct{ Module, Version, File string }

// Programs returns minio and mc, built as go install does.
func Programs(ctx context.Context) (map[string]Program, error) {
	programs := map[string]Program{
		"minio": {Module: "github.com/minio/minio", Version: minioVersion},
		"mc":    {Module: "github.com/minio/mc", Version: mcVersion},
	}
	for name, p := range programs {
		file, err := goProgram(ctx, p.Module, p.Version)
		if err != nil {
			return nil, err
		}
		p.File = file
		programs[name] = p
	}
	return programs, nil
}
