package server

import (
	"github.com/gofiber/fiber/v2"
)

// logoutPath is where Authentik posts logout tokens (OpenID Connect
// Back-Channel Logout 1.0 section 2.5).
const logoutPath = "/backchannel-logout"

// logout ends sessions. It needs no caller token: the logout token, signed by
// the issuer, is the proof. The answer says no more than the standard asks for.
func (s *Server) logout(c *fiber.Ctx) error {
	c.Response().Header.Set(fiber.HeaderCacheControl, "no-store") // section 2.8
	token := c.Request().PostArgs().Peek("logout_token")
	if err := s.o.Logout(c.UserContext(), string(token)); err != nil {
		s.o.Log.Warn().Err(err).Msg("a logout token was refused")
		c.Response().Header.SetContentType(fiber.MIMEApplicationJSON)
		c.Response().SetStatusCode(fiber.StatusBadRequest)
		c.Response().SetBodyString(`{"result":false,"error":"invalid_request"}`)
		return nil
	}
	c.Response().SetStatusCode(fiber.StatusOK)
	return nil
}
