package stack

import (
	"errors"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/e2e/internal/images"
)

func TestAbsentAuthentik(t *testing.T) {
	absent := func() (images.AuthentikImages, error) {
		return images.AuthentikImages{}, errors.New("no registry\nanswers")
	}
	for mode, want := range map[string]string{"": "no registry answers", "auto": "no registry answers", "off": "E2E_AUTHENTIK=off"} {
		got, err := choose(mode, absent)
		if err != nil || got.absent != want || got.images.Server != "" {
			t.Errorf("mode %q: %+v, %v; want the embedded issuer because of %q", mode, got, err, want)
		}
	}
	if _, err := choose("require", absent); err == nil || !strings.Contains(err.Error(), "E2E_AUTHENTIK_IMAGE") {
		t.Errorf("required and absent: %v, want a failure that says what to set", err)
	}
	if _, err := choose("required", absent); err == nil || !strings.Contains(err.Error(), "require, auto or off") {
		t.Errorf("an unknown mode: %v, want a failure that names the modes", err)
	}
}

func TestPresentAuthentik(t *testing.T) {
	asked := false
	present := func() (images.AuthentikImages, error) {
		asked = true
		return images.AuthentikImages{Server: "authentik:2026.8"}, nil
	}
	for _, mode := range []string{"", "auto", "require"} {
		if got, err := choose(mode, present); err != nil || got.absent != "" || got.images.Server == "" {
			t.Errorf("mode %q: %+v, %v; want the real one", mode, got, err)
		}
	}
	asked = false
	if got, err := choose("off", present); err != nil || got.absent == "" || asked {
		t.Errorf("off: %+v, %v, looked for an image: %t; want neither", got, err, asked)
	}
}
