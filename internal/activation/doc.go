// Package activation passes listening sockets from one process to the next as systemd does (LISTEN_FDS, sd_notify): it
// opens them, starts a program that finds its own process ID in LISTEN_PID, and tells that a program is ready.
package activation
