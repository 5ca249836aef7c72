//go:build !unix

package cli

import "os"

// columns returns false on this system: tables have any width, and there is no progress bar.
func columns(*os.File) (width int, ok bool) { return 0, false }
