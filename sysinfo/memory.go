package sysinfo

import (
	"time"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// FreeMemory returns how many bytes of memory the system has free, including caches
// that it can empty. C function uv_get_free_memory.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_get_free_memory
func FreeMemory() uint64 { return cuv.FreeMemory() }

// TotalMemory returns how many bytes of memory the machine has. C function
// uv_get_total_memory.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_get_total_memory
func TotalMemory() uint64 { return cuv.TotalMemory() }

// ConstrainedMemory returns how many bytes the process's cgroup allows. 0 if the limit
// is unknown or there is none. The limit may be higher than TotalMemory. C function
// uv_get_constrained_memory.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_get_constrained_memory
func ConstrainedMemory() uint64 { return cuv.ConstrainedMemory() }

// AvailableMemory returns how many bytes the process can still allocate: the rest of
// its cgroup's limit, or FreeMemory without a limit. C function
// uv_get_available_memory.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_get_available_memory
func AvailableMemory() uint64 { return cuv.AvailableMemory() }

// ResidentSet returns how many bytes of the process are resident in memory. C function
// uv_resident_set_memory.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_resident_set_memory
func ResidentSet() (uint64, error) {
	n, rc := cuv.ResidentSet()
	return n, uv.Check("resident set memory", rc)
}

// Uptime returns how long the system has been running. C function uv_uptime.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_uptime
func Uptime() (time.Duration, error) {
	s, rc := cuv.Uptime()
	return time.Duration(s * float64(time.Second)), uv.Check("uptime", rc)
}
