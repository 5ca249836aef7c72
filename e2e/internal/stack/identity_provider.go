package stack

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/claimgate/claimgate/e2e/internal/images"
)

// authentikEnv says whether the shared stack has a real Authentik as its issuer:
//
//	auto     where its image can be had (the default)
//	require  its absence is a failure
//	off      never
//
// Scenarios that command the issuer, have it rotate keys or sign what no user
// gets, have the embedded issuer in any case.
const authentikEnv = "E2E_AUTHENTIK"

// choice is what came of it.
type choice struct {
	images images.AuthentikImages
	// absent says, where the real Authentik is not used, why: one line.
	absent string
}

// choose decides by the mode, and asks for the images only where it has to.
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
		return choice{}, fmt.Errorf("%s=require, and there is no Authentik to run: %w; set E2E_AUTHENTIK_IMAGE and E2E_POSTGRES_IMAGE to images that can be had", authentikEnv, err)
	}
	return choice{absent: oneLine(err)}, nil
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// identityProvider is chosen once a run.
var identityProvider = sync.OnceValues(func() (choice, error) {
	return choose(os.Getenv(authentikEnv), func() (images.AuthentikImages, error) {
		return images.Authentik(context.Background())
	})
})

// announcement is the line that a run ends with, where it had a shared stack.
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
