package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"golang.org/x/oauth2"
)

// device logs in by the device grant (RFC 8628). It calls show with the address of the page, the address with
// the code inside (or ""), and the code to type.
func device(ctx context.Context, d *provider, show func(address, withCode, code string)) (*oauth2.Token, error) {
	if d.Device == "" || len(d.Grants) > 0 && !slices.Contains(d.Grants, "urn:ietf:params:oauth:grant-type:device_code") {
		return nil, errors.New("the issuer has no device grant: for Authentik set a device code flow on the brand, and allow the grant on the provider")
	}
	c := d.oauth("")
	waiting, err := c.DeviceAuth(d.withClient(ctx))
	if err != nil {
		return nil, deviceRefused(err)
	}
	show(waiting.VerificationURI, waiting.VerificationURIComplete, waiting.UserCode)
	token, err := c.DeviceAccessToken(d.withClient(ctx), waiting)
	var refused *oauth2.RetrieveError
	switch {
	case err == nil:
		return token, nil
	case errors.As(err, &refused) && (refused.ErrorCode == "expired_token" || refused.ErrorCode == "invalid_grant"), errors.Is(err, context.DeadlineExceeded):
		return nil, errors.New("the code has expired: an Authentik code lives for the provider's access code validity, one minute by default; set minutes=10")
	case errors.As(err, &refused) && refused.ErrorCode == "access_denied":
		return nil, errors.New("the login was denied in the browser")
	}
	return nil, fmt.Errorf("the device grant failed: %w", hideSecrets(err))
}

func deviceRefused(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response == nil {
		return fmt.Errorf("the device grant cannot be requested: %w", err)
	}
	switch refused.Response.StatusCode {
	case http.StatusNotFound:
		return errors.New("the issuer has no device page: for Authentik set a device code flow on the brand")
	case http.StatusTooManyRequests:
		return errors.New("the issuer takes no more device logins from this address for now (Authentik: 20 an hour): wait, or log in with a browser")
	case http.StatusBadRequest:
		return errors.New("the issuer does not know the client, or the client may not use the device grant: see --client-id, and the provider's grant types")
	}
	return fmt.Errorf("the device grant is refused: %w", hideSecrets(err))
}
