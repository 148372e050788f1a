package sysinfo

import (
	"time"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// FreeMemory returns the bytes that the system could give away, caches included. C
// function uv_get_free_memory.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_get_free_memory
func FreeMemory() uint64 { return cuv.FreeMemory() }

// TotalMemory returns the machine's bytes. C function uv_get_total_memory.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_get_total_memory
func TotalMemory() uint64 { return cuv.TotalMemory() }

// ConstrainedMemory returns the bytes that the process may use by its cgroup; 0 if
// that is unknown or without limit, and possibly more than there are. C function
// uv_get_constrained_memory.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_get_constrained_memory
func ConstrainedMemory() uint64 { return cuv.ConstrainedMemory() }

// AvailableMemory returns the bytes that the process could still get: what its cgroup
// leaves, or FreeMemory without one. C function uv_get_available_memory.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_get_available_memory
func AvailableMemory() uint64 { return cuv.AvailableMemory() }

// ResidentSet returns the bytes of the process that are in memory. C function
// uv_resident_set_memory.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_resident_set_memory
func ResidentSet() (uint64, error) {
	n, rc := cuv.ResidentSet()
	return n, uv.Check("resident set memory", rc)
}

// Uptime returns for how long the system has been running. C function uv_uptime.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_uptime
func Uptime() (time.Duration, error) {
	s, rc := cuv.Uptime()
	return time.Duration(s * float64(time.Second)), uv.Check("uptime", rc)
}
