package cuv

// #include "sysinfo.h"
import "C"

import (
	"net/netip"
	"unsafe"
)

// A CPU is a processor as libuv describes it; times in milliseconds.
type CPU struct {
	Model                      string
	MHz                        int
	User, Nice, Sys, Idle, IRQ uint64
}

// CPUs lists the processors. C functions uv_cpu_info and uv_free_cpu_info.
func CPUs() ([]CPU, int) {
	var list *C.uv_cpu_info_t
	var n C.int
	if rc := C.uv_cpu_info(&list, &n); rc != 0 {
		return nil, int(rc)
	}
	defer C.uv_free_cpu_info(list, n)
	cpus := make([]CPU, n)
	for i, c := range unsafe.Slice(list, int(n)) {
		t := c.cpu_times
		cpus[i] = CPU{C.GoString(c.model), int(c.speed), uint64(t.user), uint64(t.nice), uint64(t.sys), uint64(t.idle), uint64(t.irq)}
	}
	return cpus, 0
}

// LoadAverage returns the load. C function uv_loadavg.
func LoadAverage() (avg [3]float64) {
	C.uv_loadavg((*C.double)(unsafe.Pointer(&avg[0])))
	return avg
}

// AvailableParallelism returns how many processors the process may use. C
// function uv_available_parallelism.
func AvailableParallelism() int { return int(C.uv_available_parallelism()) }

// FreeMemory returns the bytes of memory that are free. C function
// uv_get_free_memory.
func FreeMemory() uint64 { return uint64(C.uv_get_free_memory()) }

// TotalMemory returns the machine's memory in bytes. C function uv_get_total_memory.
func TotalMemory() uint64 { return uint64(C.uv_get_total_memory()) }

// ConstrainedMemory returns the bytes that the process may use, 0 if unknown. C
// function uv_get_constrained_memory.
func ConstrainedMemory() uint64 { return uint64(C.uv_get_constrained_memory()) }

// AvailableMemory returns the bytes that the process could still allocate. C function
// uv_get_available_memory.
func AvailableMemory() uint64 { return uint64(C.uv_get_available_memory()) }

// ResidentSet returns the process's resident bytes. C function
// uv_resident_set_memory.
func ResidentSet() (uint64, int) {
	var n C.size_t
	rc := C.uv_resident_set_memory(&n)
	return uint64(n), int(rc)
}

// Uptime returns seconds since the system started. C function uv_uptime.
func Uptime() (float64, int) {
	var s C.double
	rc := C.uv_uptime(&s)
	return float64(s), int(rc)
}

// An InterfaceAddr is an address of a network interface.
type InterfaceAddr struct {
	Name       string
	Hardware   [6]byte
	Internal   bool
	Addr, Mask netip.Addr
}

// InterfaceAddrs lists the addresses of the interfaces that are up. C functions
// uv_interface_addresses and uv_free_interface_addresses.
func InterfaceAddrs() ([]InterfaceAddr, int) {
	var list *C.uv_interface_address_t
	var n C.int
	if rc := C.uv_interface_addresses(&list, &n); rc != 0 {
		return nil, int(rc)
	}
	defer C.uv_free_interface_addresses(list, n)
	addrs := make([]InterfaceAddr, n)
	c := unsafe.Slice(list, int(n))
	for i := range c {
		a := &addrs[i]
		var addr, mask C.cuv_addr
		C.cuv_interface_addr(&c[i], &addr, &mask)
		a.Name, a.Internal = C.GoString(c[i].name), c[i].is_internal != 0
		a.Addr, a.Mask = addrFrom(&addr).Addr(), addrFrom(&mask).Addr()
		for j, b := range c[i].phys_addr {
			a.Hardware[j] = byte(b)
		}
	}
	return addrs, 0
}

// text reads a string of a length that only libuv knows.
func text(read func(buf *C.char, n *C.size_t) C.int) (string, int) {
	for size := 4 << 10; ; size *= 2 {
		buf := make([]byte, size)
		n := C.size_t(size)
		rc := read((*C.char)(unsafe.Pointer(&buf[0])), &n)
		if rc == 0 {
			return string(buf[:n]), 0
		}
		if rc != C.UV_ENOBUFS || size > 1<<20 {
			return "", int(rc)
		}
	}
}

// InterfaceName returns the name of an interface's number. C function
// uv_if_indextoname.
func InterfaceName(i uint32) (string, int) {
	return text(func(buf *C.char, n *C.size_t) C.int { return C.uv_if_indextoname(C.uint(i), buf, n) })
}

// InterfaceIID returns what tells interfaces apart in zones. C function
// uv_if_indextoiid.
func InterfaceIID(i uint32) (string, int) {
	return text(func(buf *C.char, n *C.size_t) C.int { return C.uv_if_indextoiid(C.uint(i), buf, n) })
}

// Hostname returns the host's name. C function uv_os_gethostname.
func Hostname() (string, int) {
	return text(func(buf *C.char, n *C.size_t) C.int { return C.uv_os_gethostname(buf, n) })
}

// Exepath returns the path of the program. C function uv_exepath.
func Exepath() (string, int) {
	return text(func(buf *C.char, n *C.size_t) C.int { return C.uv_exepath(buf, n) })
}

// Cwd returns the working directory. C function uv_cwd.
func Cwd() (string, int) {
	return text(func(buf *C.char, n *C.size_t) C.int { return C.uv_cwd(buf, n) })
}

// Homedir returns the user's home directory. C function uv_os_homedir.
func Homedir() (string, int) {
	return text(func(buf *C.char, n *C.size_t) C.int { return C.uv_os_homedir(buf, n) })
}

// Tmpdir returns the directory for temporary files. C function uv_os_tmpdir.
func Tmpdir() (string, int) {
	return text(func(buf *C.char, n *C.size_t) C.int { return C.uv_os_tmpdir(buf, n) })
}

// Uname names the system. C function uv_os_uname.
func Uname() (sysname, release, version, machine string, rc int) {
	var u C.uv_utsname_t
	if rc := C.uv_os_uname(&u); rc != 0 {
		return "", "", "", "", int(rc)
	}
	return C.GoString(&u.sysname[0]), C.GoString(&u.release[0]), C.GoString(&u.version[0]), C.GoString(&u.machine[0]), 0
}
