package main

import (
	"log"

	"github.com/gofiber/fiber/v3"
)

// bare is the yardstick: Fiber, configured as claimgate's, that takes the body
// and answers.
func bare(listen string) {
	app := fiber.New(fiber.Config{BodyLimit: 4 << 20, StrictRouting: true, CaseSensitive: true})
	app.Post("/authz", func(c fiber.Ctx) error {
		if len(c.Request().Body()) == 0 {
			return fiber.ErrBadRequest
		}
		c.Response().Header.SetContentType(fiber.MIMEApplicationJSON)
		c.Response().SetBodyString(`{"result":true}`)
		return nil
	})
	log.Fatal(app.Listen(listen, fiber.ListenConfig{DisableStartupMessage: true}))
}
