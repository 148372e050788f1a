package cuv

// #include "child_process.h"
import "C"

import (
	"syscall"
	"unsafe"
)

// Flags of a Command.
const (
	ProcessSetUID   = C.UV_PROCESS_SETUID
	ProcessSetGID   = C.UV_PROCESS_SETGID
	ProcessDetached = C.UV_PROCESS_DETACHED
)

// Flags of a Stdio: one of the first four, readable and writable with a pipe.
const (
	StdioIgnore        = C.UV_IGNORE
	StdioCreatePipe    = C.UV_CREATE_PIPE
	StdioInheritFD     = C.UV_INHERIT_FD
	StdioInheritStream = C.UV_INHERIT_STREAM
	StdioReadable      = C.UV_READABLE_PIPE // by the child
	StdioWritable      = C.UV_WRITABLE_PIPE
)

// A Stdio is a descriptor of a child; it mirrors cuv_stdio.
type Stdio struct {
	Handle *Handle // StdioInheritStream: which; StdioCreatePipe: Spawn sets it to the new pipe
	FD     int32   // StdioInheritFD: which
	Flags  uint16
	IPC    uint8 // StdioCreatePipe: 1 if handles can be passed over it
	_      uint8 // C's
}

// A Command is what Spawn starts. Strings must not hold NUL bytes.
type Command struct {
	File     string
	Dir      string // "": this process's
	Args     []string
	Env      []string
	Flags    uint32
	UID, GID uint32
	Stdio    []Stdio
}

// Spawn starts a child for a slot. Pipes among its descriptors have no owner
// yet. C function uv_spawn.
func (l *Loop) Spawn(cmd *Command, slot, gen uint32) (*Handle, int) {
	o := C.cuv_spawn_opts{
		args: C.uint32_t(len(cmd.Args)), env: C.uint32_t(len(cmd.Env)), stdio: C.uint32_t(len(cmd.Stdio)),
		flags: C.uint32_t(cmd.Flags), uid: C.uint32_t(cmd.UID), gid: C.uint32_t(cmd.GID),
		slot: C.uint32_t(slot), gen: C.uint32_t(gen),
	}
	text := cmd.text()
	var h *C.cuv_handle
	C.cuv_flush(l.c())

	// A descriptor that Go code has opened but not yet marked as close-on-exec
	// must not get into the child.
	syscall.ForkLock.Lock()
	defer syscall.ForkLock.Unlock()
	rc := C.cuv_process_spawn(l.c(), o, chars(text), C.size_t(len(text)),
		(*C.cuv_stdio)(unsafe.Pointer(unsafe.SliceData(cmd.Stdio))), &h)
	return (*Handle)(unsafe.Pointer(h)), int(rc)
}

// text is the command's strings, each with a NUL byte, in the order in which C
// looks for them.
func (cmd *Command) text() []byte {
	n := len(cmd.File) + len(cmd.Dir) + 2
	for _, list := range [][]string{cmd.Args, cmd.Env} {
		for _, s := range list {
			n += len(s) + 1
		}
	}
	text := make([]byte, 0, n)
	add := func(s string) { text = append(append(text, s...), 0) }
	add(cmd.File)
	add(cmd.Dir)
	for _, list := range [][]string{cmd.Args, cmd.Env} {
		for _, s := range list {
			add(s)
		}
	}
	return text
}

// PID returns the child's number. C function uv_process_get_pid.
func (h *Handle) PID() int { return int(C.cuv_process_pid(h.c())) }

// ProcessKill sends the child a signal; ESRCH once it has been reaped. C function
// uv_process_kill.
func (h *Handle) ProcessKill(signum int) int { return int(C.cuv_process_kill(h.c(), C.int(signum))) }

// ProcessClose closes the handle; with kill, after the child has been killed and
// reaped. It tells whether the child runs on, for somebody else to reap. C
// function uv_close.
func (h *Handle) ProcessClose(kill bool) (runs bool) {
	return C.cuv_process_close(h.c(), cint(kill)) != 0
}

// Kill sends a process a signal. C function uv_kill.
func Kill(pid int32, signum int) int { return int(C.uv_kill(C.int(pid), C.int(signum))) }

// DisableStdioInheritance marks the descriptors that this process was started
// with as close-on-exec. C function uv_disable_stdio_inheritance.
func DisableStdioInheritance() { C.uv_disable_stdio_inheritance() }
