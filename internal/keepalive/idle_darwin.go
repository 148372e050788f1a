package keepalive

import "golang.org/x/sys/unix"

// optIdle is the option for the time before the first probe.
const optIdle = unix.TCP_KEEPALIVE
