package cuv

// #include <stdlib.h>
// #include "sysinfo.h"
import "C"

import "unsafe"

// A Passwd is an entry of the user database.
type Passwd struct {
	Username, Shell, Homedir string
	UID, GID                 uint64
}

// CurrentPasswd returns the entry of the process's effective user. C functions
// uv_os_get_passwd and uv_os_free_passwd.
func CurrentPasswd() (Passwd, int) {
	var p C.uv_passwd_t
	rc := C.uv_os_get_passwd(&p)
	return passwdFrom(&p, rc)
}

// PasswdOf returns a user's entry. C functions uv_os_get_passwd2 and
// uv_os_free_passwd.
func PasswdOf(uid uint32) (Passwd, int) {
	var p C.uv_passwd_t
	rc := C.uv_os_get_passwd2(&p, C.uv_uid_t(uid))
	return passwdFrom(&p, rc)
}

func passwdFrom(p *C.uv_passwd_t, rc C.int) (Passwd, int) {
	if rc != 0 {
		return Passwd{}, int(rc)
	}
	defer C.uv_os_free_passwd(p)
	return Passwd{C.GoString(p.username), C.GoString(p.shell), C.GoString(p.homedir), uint64(p.uid), uint64(p.gid)}, 0
}

// GroupOf returns a group's name and members. C functions uv_os_get_group and
// uv_os_free_group.
func GroupOf(gid uint32) (name string, members []string, rc int) {
	var g C.uv_group_t
	if rc := C.uv_os_get_group(&g, C.uv_uid_t(gid)); rc != 0 {
		return "", nil, int(rc)
	}
	defer C.uv_os_free_group(&g)
	if g.members != nil {
		for i := 0; ; i++ {
			m := *(**C.char)(unsafe.Add(unsafe.Pointer(g.members), uintptr(i)*unsafe.Sizeof(g.members)))
			if m == nil {
				break
			}
			members = append(members, C.GoString(m))
		}
	}
	return C.GoString(g.groupname), members, 0
}

// Priorities of processes.
const (
	PriorityLow         = C.UV_PRIORITY_LOW
	PriorityBelowNormal = C.UV_PRIORITY_BELOW_NORMAL
	PriorityNormal      = C.UV_PRIORITY_NORMAL
	PriorityAboveNormal = C.UV_PRIORITY_ABOVE_NORMAL
	PriorityHigh        = C.UV_PRIORITY_HIGH
	PriorityHighest     = C.UV_PRIORITY_HIGHEST
)

// Priority returns a process's priority. C function uv_os_getpriority.
func Priority(pid int) (int, int) {
	var p C.int
	rc := C.uv_os_getpriority(C.uv_pid_t(pid), &p)
	return int(p), int(rc)
}

// SetPriority sets a process's priority. C function uv_os_setpriority.
func SetPriority(pid, priority int) int {
	return int(C.uv_os_setpriority(C.uv_pid_t(pid), C.int(priority)))
}

// Getpid returns the process's id. C function uv_os_getpid.
func Getpid() int { return int(C.uv_os_getpid()) }

// Getppid returns the id of the process's parent. C function uv_os_getppid.
func Getppid() int { return int(C.uv_os_getppid()) }

// Chdir changes the working directory; dir has no NUL. C function uv_chdir.
func Chdir(dir string) int {
	c := C.CString(dir)
	defer C.free(unsafe.Pointer(c))
	return int(C.uv_chdir(c))
}

// A Rusage is what a process or thread has used: times in microseconds, the
// largest resident set in KiB.
type Rusage struct {
	User, Sys                       int64
	MaxRSS, IxRSS, IDRSS, IsRSS     uint64
	MinFault, MajFault, Swaps       uint64
	InBlock, OutBlock               uint64
	MessagesSent, MessagesReceived  uint64
	Signals, Voluntary, Involuntary uint64
}

// Getrusage returns what the process has used, or the calling thread. C
// functions uv_getrusage and uv_getrusage_thread.
func Getrusage(thread bool) (Rusage, int) {
	var u C.uv_rusage_t
	var rc C.int
	if thread {
		rc = C.cuv_getrusage_thread(&u)
	} else {
		rc = C.uv_getrusage(&u)
	}
	return Rusage{
		User:   int64(u.ru_utime.tv_sec)*1e6 + int64(u.ru_utime.tv_usec),
		Sys:    int64(u.ru_stime.tv_sec)*1e6 + int64(u.ru_stime.tv_usec),
		MaxRSS: uint64(u.ru_maxrss), IxRSS: uint64(u.ru_ixrss), IDRSS: uint64(u.ru_idrss), IsRSS: uint64(u.ru_isrss),
		MinFault: uint64(u.ru_minflt), MajFault: uint64(u.ru_majflt), Swaps: uint64(u.ru_nswap),
		InBlock: uint64(u.ru_inblock), OutBlock: uint64(u.ru_oublock),
		MessagesSent: uint64(u.ru_msgsnd), MessagesReceived: uint64(u.ru_msgrcv),
		Signals: uint64(u.ru_nsignals), Voluntary: uint64(u.ru_nvcsw), Involuntary: uint64(u.ru_nivcsw),
	}, int(rc)
}

// ClockGettime reads the monotonic clock, or that of the time of day. C function
// uv_clock_gettime.
func ClockGettime(monotonic bool) (sec, nsec int64, rc int) {
	id := C.uv_clock_id(C.UV_CLOCK_REALTIME)
	if monotonic {
		id = C.UV_CLOCK_MONOTONIC
	}
	var t C.uv_timespec64_t
	r := C.uv_clock_gettime(id, &t)
	return int64(t.tv_sec), int64(t.tv_nsec), int(r)
}

// Gettimeofday reads the time of day. C function uv_gettimeofday.
func Gettimeofday() (sec, usec int64, rc int) {
	var t C.uv_timeval64_t
	r := C.uv_gettimeofday(&t)
	return int64(t.tv_sec), int64(t.tv_usec), int(r)
}
