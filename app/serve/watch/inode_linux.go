package watch

import (
	"io/fs"
	"syscall"
)

// inode distinguishes a file from another file with the same name, time and size. tar and rsync set a
// file's time, and a file system reuses the number of a removed inode, so inode also has the time of the
// inode's last change (ctime), which no program can set.
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
