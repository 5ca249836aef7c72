package main

import (
	"log"

	"github.com/gofiber/fiber/v3"
)

// bare serves the reference for all ratios: a Fiber, configured as claimgate's, that
// reads the body and allows every question.
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
