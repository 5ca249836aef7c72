// Command build builds what the end-to-end tests need from Go modules, before the tests and their time limit begin.
package main

import (
	"context"
	"log"
	"os"

	"github.com/claimgate/claimgate/e2e/internal/images"
)

func main() {
	dir, err := os.MkdirTemp("", "claimgate-build-")
	if err != nil {
		log.Fatal(err)
	}
	err = images.BuildAll(context.Background(), dir)
	_ = os.RemoveAll(dir)
	if err != nil {
		log.Fatal(err)
	}
}
