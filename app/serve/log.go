package serve

import (
	"os"
	"time"

	"github.com/claimgate/claimgate/app/config"
	"github.com/rs/zerolog"
)

// NewLog returns the log of the program on standard error.
func NewLog(c config.Log) zerolog.Logger {
	level, err := zerolog.ParseLevel(c.Level)
	if err != nil {
		level = zerolog.InfoLevel
	}
	log := zerolog.New(os.Stderr)
	if c.Format == "console" {
		log = zerolog.New(zerolog.ConsoleWriter{Out: os.Stderr, TimeFormat: time.TimeOnly})
	}
	return log.Level(level).With().Timestamp().Logger()
}
