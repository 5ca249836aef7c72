package stack

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/claimgate/claimgate/e2e/internal/images"
)

// authentikEnv selects the issuer of the shared stack:
//
//	auto     a real Authentik if its image is available (the default)
//	require  a real Authentik; the run fails if its image is not available
//	off      the embedded issuer
//
// Other stacks always have the embedded issuer: their tests stop it, rotate its keys,
// or sign tokens with claims that no user has.
const authentikEnv = "E2E_AUTHENTIK"

// choice is the issuer of the shared stack.
type choice struct {
	images images.AuthentikImages
	// absent says why no real Authentik is used, in one line; "" if one is used.
	absent string
}

// choose returns the issuer for a mode. It calls find only if it needs the images.
func choose(mode string, find func() (images.AuthentikImages, error)) (choice, error) {
	switch mode {
	case "off":
		return choice{absent: authentikEnv + "=off"}, nil
	case "", "auto", "require":
	default:
		return choice{}, fmt.Errorf("%s=%q: want require, auto or off", authentikEnv, mode)
	}
	found, err := find()
	switch {
	case err == nil:
		return choice{images: found}, nil
	case mode == "require":
		return choice{}, fmt.Errorf("%s=require, and there is no Authentik to run: %w; set E2E_AUTHENTIK_IMAGE and E2E_POSTGRES_IMAGE to available images", authentikEnv, err)
	}
	return choice{absent: oneLine(err)}, nil
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// identityProvider chooses once per run.
var identityProvider = sync.OnceValues(func() (choice, error) {
	return choose(os.Getenv(authentikEnv), func() (images.AuthentikImages, error) {
		return images.Authentik(context.Background())
	})
})

// announcement returns the last line of a run: which issuer it used. It is empty if
// the run had no shared stack.
func announcement() string {
	if shared.parts == nil {
		return ""
	}
	switch c, err := identityProvider(); {
	case err != nil:
		return ""
	case c.absent == "":
		return "e2e: the shared scenarios ran with a real Authentik, " + c.images.Server
	default:
		return "e2e: NO REAL AUTHENTIK RAN (" + c.absent + "); the scenarios ran with the embedded issuer in its place"
	}
}
