//go:build !unix

package main

import "os"

// columns is not known here: nothing is fitted, and no progress is shown.
func columns(*os.File) (width int, ok bool) { return 0, false }
