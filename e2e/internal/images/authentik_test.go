package images

import "testing"

func TestRedisBefore2025October(t *testing.T) {
	for image, want := range map[string]bool{
		"ghcr.io/goauthentik/server:2024.12.3":        true,
		"ghcr.io/goauthentik/server:2025.8":           true,
		"ghcr.io/goauthentik/server:2025.10":          false,
		"ghcr.io/goauthentik/server:2026.8.1":         false,
		"registry.example:5000/authentik:2025.8.4":    true,
		"ghcr.io/goauthentik/dev-server:gh-main":      false,
		"registry.example:5000/authentik":             false,
		"ghcr.io/goauthentik/server:2025.12.0-rc1":    false,
		"ghcr.io/goauthentik/server:2025.8.0-rc1":     true,
		"localhost/authentik@sha256:0123456789abcdef": false,
	} {
		if got := needsRedis(image); got != want {
			t.Errorf("%s needs Redis: %t, want %t", image, got, want)
		}
	}
}
