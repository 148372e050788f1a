package sysinfo

import (
	"strconv"
	"time"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// PID returns the process's ID, as [os.Getpid] does. C function uv_os_getpid.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_os_getpid
func PID() int { return cuv.Getpid() }

// ParentPID returns the ID of the process's parent, as [os.Getppid] does. C function
// uv_os_getppid.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_os_getppid
func ParentPID() int { return cuv.Getppid() }

// Priorities for SetPriority. The lower the number, the more processor time the process
// gets.
const (
	PriorityLow         = cuv.PriorityLow
	PriorityBelowNormal = cuv.PriorityBelowNormal
	PriorityNormal      = cuv.PriorityNormal
	PriorityAboveNormal = cuv.PriorityAboveNormal
	PriorityHigh        = cuv.PriorityHigh
	PriorityHighest     = cuv.PriorityHighest
)

// Priority returns the priority of a process. pid 0 means the calling process. ESRCH if
// there is no such process. C function uv_os_getpriority.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_os_getpriority
func Priority(pid int) (int, error) {
	if !isPID(pid) {
		return 0, uv.FailAddr("getpriority", strconv.Itoa(pid), uv.ESRCH)
	}
	p, rc := cuv.Priority(pid)
	return p, uv.CheckAddr("getpriority", strconv.Itoa(pid), rc)
}

// SetPriority sets the priority of a process. ESRCH if there is no such process, EACCES
// or EPERM if this process may not change the priority, EINVAL for a priority outside
// of PriorityHighest to PriorityLow. On Linux each thread has a priority: pid then
// means the main thread of that process, and 0 the thread on which the goroutine runs.
// C function uv_os_setpriority.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_os_setpriority
func SetPriority(pid, priority int) error {
	switch {
	case priority < cuv.PriorityHighest || priority > cuv.PriorityLow:
		return uv.FailAddr("setpriority", strconv.Itoa(pid), uv.EINVAL)
	case !isPID(pid):
		return uv.FailAddr("setpriority", strconv.Itoa(pid), uv.ESRCH)
	}
	return uv.CheckAddr("setpriority", strconv.Itoa(pid), cuv.SetPriority(pid, priority))
}

// isPID tells whether C's int can hold a process ID. Otherwise C would get another ID,
// such as 0, which means the calling process.
func isPID(pid int) bool { return pid == int(int32(pid)) }

// Usage is the resources that a process or a thread has used. On Linux some fields are
// always 0.
type Usage struct {
	User, System        time.Duration
	MaxResident         uint64 // bytes
	SharedMemory        uint64 // this and the next two: bytes times clock ticks
	UnsharedData        uint64
	UnsharedStack       uint64
	MinorFaults         uint64 // page faults without I/O
	MajorFaults         uint64 // page faults with I/O
	Swaps               uint64
	BlockReads          uint64 // times the file system had to read
	BlockWrites         uint64
	MessagesSent        uint64
	MessagesReceived    uint64
	Signals             uint64
	VoluntarySwitches   uint64 // waits
	InvoluntarySwitches uint64 // preemptions
}

// ProcessUsage returns what the process has used. C function uv_getrusage.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_getrusage
func ProcessUsage() (Usage, error) { return usage("getrusage", false) }

// ThreadUsage returns what the calling thread has used. It is useful for a goroutine
// that has called [runtime.LockOSThread], since others change threads. ENOTSUP if the
// system cannot tell, or if libuv is older than 1.50. C function uv_getrusage_thread.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_getrusage_thread
func ThreadUsage() (Usage, error) { return usage("getrusage thread", true) }

func usage(op string, thread bool) (Usage, error) {
	u, rc := cuv.Getrusage(thread)
	if rc < 0 {
		return Usage{}, uv.Check(op, rc)
	}
	return Usage{
		User: time.Duration(u.User) * time.Microsecond, System: time.Duration(u.Sys) * time.Microsecond,
		MaxResident: u.MaxRSS << 10, SharedMemory: u.IxRSS << 10, UnsharedData: u.IDRSS << 10, UnsharedStack: u.IsRSS << 10,
		MinorFaults: u.MinFault, MajorFaults: u.MajFault, Swaps: u.Swaps,
		BlockReads: u.InBlock, BlockWrites: u.OutBlock,
		MessagesSent: u.MessagesSent, MessagesReceived: u.MessagesReceived,
		Signals: u.Signals, VoluntarySwitches: u.Voluntary, InvoluntarySwitches: u.Involuntary,
	}, nil
}
