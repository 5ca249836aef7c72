//go:build !linux

package watch

import "io/fs"

// inode is empty: only time and size distinguish files.
type inode struct{}

func inodeOf(fs.FileInfo) inode { return inode{} }
