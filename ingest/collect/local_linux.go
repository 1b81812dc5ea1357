package collect

import (
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// spaceOf is what is free for the users of a directory's file system, and all that it has, in bytes.
func spaceOf(dir string) (free, all int64, ok bool) {
	var st syscall.Statfs_t
	if dir == "" || syscall.Statfs(dir, &st) != nil {
		return 0, 0, false
	}
	return int64(st.Bavail) * st.Bsize, int64(st.Blocks) * st.Bsize, true
}

// sameOwner reports whether a file is of the user as whom a process runs. Its status says who that is (proc(5)): who owns its directory in /proc the
// process can change itself.
func sameOwner(file fs.FileInfo, pid string) bool {
	st, ok := file.Sys().(*syscall.Stat_t)
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if !ok || err != nil {
		return false
	}
	_, uids, _ := strings.Cut(string(status), "\nUid:")
	fields := strings.Fields(uids)
	return len(fields) > 0 && fields[0] == strconv.FormatUint(uint64(st.Uid), 10)
}
