//go:build !unix

package cli

import "os"

// columns is unknown on this system: tables have any width, and no progress is shown.
func columns(*os.File) (width int, ok bool) { return 0, false }
