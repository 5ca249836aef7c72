package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/e2e/internal/stack"
)

// The image has the user, health check, labels and files that the documentation names.
func TestImage(t *testing.T) {
	image := stack.Inspect(t)

	if image.User != "65532:65532" {
		t.Errorf("user is %q, want a number that Kubernetes can tell from root", image.User)
	}
	if want := []string{"CMD", "/claimgate", "healthcheck"}; !slices.Equal(image.Healthcheck, want) {
		t.Errorf("health check is %q, want %q", image.Healthcheck, want)
	}
	if got := image.Labels["org.opencontainers.image.version"]; got != "e2e" {
		t.Errorf("version label is %q, want the build argument", got)
	}
	if got := image.Labels["org.opencontainers.image.licenses"]; got != "Apache-2.0" {
		t.Errorf("license label is %q", got)
	}
	if want := []string{"claimgate", "etc/ssl/certs/ca-certificates.crt"}; !slices.Equal(image.Files, want) {
		t.Errorf("files are %q, want %q and nothing else", image.Files, want)
	}
	if out := image.Output(t, "version"); !strings.Contains(out, "e2e") {
		t.Errorf("claimgate version prints %q, want the version it was built with", out)
	}
}
