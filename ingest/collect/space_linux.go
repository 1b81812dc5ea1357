package collect

import "syscall"

// spaceOf is what is free for the users of a directory's file system, and all that it has, in bytes.
func spaceOf(dir string) (free, all int64, ok bool) {
	var st syscall.Statfs_t
	if dir == "" || syscall.Statfs(dir, &st) != nil {
		return 0, 0, false
	}
	return int64(st.Bavail) * st.Bsize, int64(st.Blocks) * st.Bsize, true
}
