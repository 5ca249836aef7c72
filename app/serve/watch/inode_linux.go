package watch

import (
	"io/fs"
	"syscall"
)

// inode tells a file from the one that took its name with the same time and the
// same size: what unpacks archives or mirrors directories sets the time of a file
// to what it was elsewhere, and a file system gives the number of a removed inode
// to the next. When the inode last changed, nobody can set.
type inode struct {
	number  uint64
	changed syscall.Timespec
}

func inodeOf(info fs.FileInfo) inode {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return inode{st.Ino, st.Ctim}
	}
	return inode{}
}
