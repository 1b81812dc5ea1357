//go:build unix

package main

import (
	"os"
	"syscall"
)

// again starts the program anew in this process, with other arguments and one more entry in its environment. It returns where that
// does not work; then the arguments stay as everybody saw them.
func again(args []string, env string) {
	self, err := os.Executable()
	if err != nil {
		return
	}
	_ = syscall.Exec(self, append([]string{os.Args[0]}, args...), append(os.Environ(), env))
}
