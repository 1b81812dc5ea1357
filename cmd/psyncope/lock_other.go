//go:build !unix

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// lockFile takes a lock by making a file; one that a killed run left has to be removed by hand.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("another run is at work with this state; if none is, remove %s", path)
	}
	if err != nil {
		return nil, fmt.Errorf("lock the state: %w", err)
	}
	return func() { f.Close(); os.Remove(path) }, nil
}

// lockDir takes a lock by making a file beside the directory.
func lockDir(dir string) (unlock func(), err error) { return lockFile(filepath.Clean(dir) + ".lock") }

func inodeOf(fs.FileInfo) uint64 { return 0 }
