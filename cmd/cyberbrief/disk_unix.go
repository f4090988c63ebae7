//go:build linux || darwin || freebsd

package main

import "syscall"

// freeDisk is how many bytes this user can still write to the file system of a
// folder.
func freeDisk(folder string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, err
	}
	return uint64(s.Bavail) * uint64(s.Bsize), nil
}
