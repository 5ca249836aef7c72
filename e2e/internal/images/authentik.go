package images

import (
	"context"
	"strconv"
	"strings"
)

// AuthentikImages are the images of a real Authentik.
type AuthentikImages struct {
	Server, Postgres string
	// Redis is empty for releases that need none.
	Redis string
}

// Authentik finds or pulls the images. It returns an error if they are not available:
// they cannot be built.
func Authentik(ctx context.Context) (AuthentikImages, error) {
	e, err := open(ctx)
	if err != nil {
		return AuthentikImages{}, err
	}
	var found AuthentikImages
	if found.Server, err = e.resolve(ctx, pulled("E2E_AUTHENTIK_IMAGE", authentikImage)); err != nil {
		return AuthentikImages{}, err
	}
	if found.Postgres, err = e.resolve(ctx, pulled("E2E_POSTGRES_IMAGE", postgresImage)); err != nil {
		return AuthentikImages{}, err
	}
	if needsRedis(found.Server) {
		if found.Redis, err = e.resolve(ctx, pulled("E2E_REDIS_IMAGE", redisImage)); err != nil {
			return AuthentikImages{}, err
		}
	}
	return found, nil
}

func pulled(env, image string) source {
	return source{env: env, names: []string{image}, pull: image}
}

// needsRedis reports whether the tag is a release before 2025.10. A tag that is not a
// release counts as newer.
func needsRedis(image string) bool {
	tag := image[strings.LastIndexByte(image, ':')+1:]
	year, rest, _ := strings.Cut(tag, ".")
	month, _, _ := strings.Cut(rest, ".")
	y, errYear := strconv.Atoi(year)
	m, errMonth := strconv.Atoi(month)
	return errYear == nil && errMonth == nil && (y < 2025 || y == 2025 && m < 10)
}
