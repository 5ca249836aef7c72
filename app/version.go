package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/claimgate/claimgate/app/serve"
	"github.com/spf13/cobra"
)

// Set by the linker: -ldflags "-X main.version=... -X main.commit=... -X main.date=...".
var version, commit, date string

// buildInfo returns the version of this binary. The Go toolchain's build information fills the values that the
// linker did not set.
func buildInfo() serve.Build {
	b := serve.Build{Version: version, Commit: commit, Date: date, Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if b.Version == "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && b.Commit == "":
			b.Commit = s.Value
		case s.Key == "vcs.time" && b.Date == "":
			b.Date = s.Value
		}
	}
	return b
}

func newVersionCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this build",
		Long: `version prints the version, the commit and the time of the build, and the Go
release that built it. The admin listener says the same at /version.

Exit codes: 0.`,
		Example: "  claimgate version",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b := buildInfo()
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "claimgate %s commit %s built %s with %s\n",
				orUnknown(b.Version), orUnknown(b.Commit), orUnknown(b.Date), b.Go)
			return err
		},
	}
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
