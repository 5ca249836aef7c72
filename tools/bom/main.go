// Command bom writes the software bill of materials of a binary as CycloneDX JSON, and the
// licenses and notices of all modules in it, which must be distributed with the binary. It
// reads the list of modules that the Go toolchain wrote into the binary, so that both
// files name exactly what was linked.
//
//	go run . -binary claimgate -bom claimgate.cdx.json -notices THIRD-PARTY.txt
//
// It fails if a module has no license, or a license with which claimgate must not be
// distributed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	binary := flag.String("binary", "", "the binary, built by Go")
	bom := flag.String("bom", "", "the file for the bill of materials")
	notices := flag.String("notices", "", "the file for licenses and notices")
	version := flag.String("version", "", "the version of the binary")
	date := flag.String("date", "", "its date, RFC 3339; the output depends only on the arguments")
	flag.Parse()
	if err := run(context.Background(), *binary, *bom, *notices, *version, *date); err != nil {
		fmt.Fprintln(os.Stderr, "bom:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, binary, bomFile, noticesFile, version, date string) error {
	at, err := time.Parse(time.RFC3339, date)
	if err != nil {
		return fmt.Errorf("-date: %w", err)
	}
	parts, err := partsOf(ctx, binary)
	if err != nil {
		return err
	}
	var refused []error
	for i := range parts {
		if err := parts[i].readLicenses(); err != nil {
			refused = append(refused, err)
		}
	}
	if err := errors.Join(refused...); err != nil {
		return err
	}
	digest, err := sha256File(binary)
	if err != nil {
		return err
	}
	text, err := encodeBOM(parts, version, digest, at)
	if err != nil {
		return err
	}
	if err := os.WriteFile(bomFile, text, 0o644); err != nil { //nolint:gosec // to be published
		return err
	}
	return os.WriteFile(noticesFile, encodeNotices(parts), 0o644) //nolint:gosec // to be published
}
