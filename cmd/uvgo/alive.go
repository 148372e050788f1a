package main

import (
	"errors"

	"golang.org/x/sys/unix"
)

// alive tells whether there is a process of the ID, as far as this process sees.
func alive(pid int) bool { return !errors.Is(unix.Kill(pid, 0), unix.ESRCH) }
