package handles

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// ProcessOptions say what Spawn starts, and how; only File must be set. libuv's flags
// for Windows have no counterpart. C type uv_process_options_t.
//
// https://docs.libuv.org/en/v1.x/process.html#c.uv_process_options_t
type ProcessOptions struct {
	// File is the program: a path, which is relative to Dir, or a name without
	// a slash, which is looked for in the PATH of Env.
	File string
	// Args are the arguments, the program's own name first; empty: File alone.
	Args []string
	// Env is the environment, "NAME=value" each; of several with one name the
	// last counts. nil: this process's.
	Env []string
	// Dir is the working directory; empty: this process's.
	Dir string
	// UID and GID are the user and group that the child becomes, which takes
	// privileges; supplementary groups go. nil: this process's.
	UID, GID *uint32
	// Detached makes the child the leader of a new session and process group, so
	// that it can outlive us; Unref the handle to let Run end before the child.
	Detached bool
	// KillOnClose makes Close kill the child and wait for its end.
	KillOnClose bool
	// Stdio are the child's descriptors 0, 1, 2 and so on. What is missing of the
	// first three is /dev/null; beyond what is listed the child gets none.
	Stdio []Stdio
}

// Spawn starts a program; fn, which may be nil, runs when it has ended, with its
// exit status, or with the signal that ended it, which is 0 otherwise; what it
// wrote last may yet have to be read. Spawn returns when the child has become the program: a program that cannot be
// started is an error here. ENOENT and EACCES name File or Dir; EINVAL for an
// empty File, a NUL byte in any string, or a Stdio that cannot be handed over;
// EBADF for a descriptor that is not open, EPERM for a UID or GID that may not
// be taken. After an error the child, the pipes and the handle are gone.
//
// Spawn takes as long as os/exec's Start, whatever the size of the heap; a slow file
// system that brings the program holds the loop (docs/sleeping.md).
//
// The child starts with no signal blocked, and none ignored but real-time ones. C
// function uv_spawn.
//
// https://docs.libuv.org/en/v1.x/process.html#c.uv_spawn
func Spawn(l uv.Loop, opts ProcessOptions, fn func(status int, sig syscall.Signal)) (*Process, error) {
	p := &Process{kill: opts.KillOnClose, fn: fn}
	if err := p.on(l, "spawn", uv.KindProcess); err != nil {
		return nil, err
	}
	cmd, err := opts.command()
	if err != nil {
		return nil, err
	}
	io := stdio{core: p.core}
	defer io.release()
	if cmd.Stdio, err = io.resolve(opts.Stdio); err != nil {
		return nil, err
	}
	rc := 0
	c, err := p.core.OpenWith("spawn", (*processTarget)(p), func(id, gen uint32) (h *cuv.Handle, _ int) {
		h, rc = p.core.Ring().Spawn(cmd, id, gen)
		return h, rc
	})
	if rc < 0 {
		return nil, opts.failed(rc)
	}
	if err != nil {
		return nil, err
	}
	p.c, p.pid = c, c.PID()
	p.set(active)
	p.stdio = io.register(cmd.Stdio)
	return p, nil
}

// command checks the options and translates all but the descriptors.
func (o *ProcessOptions) command() (*cuv.Command, error) {
	cmd := &cuv.Command{File: o.File, Dir: o.Dir, Args: o.Args, Env: o.Env}
	if len(cmd.Args) == 0 {
		cmd.Args = []string{o.File}
	}
	if cmd.Env == nil {
		cmd.Env = os.Environ() // not C's environ, which another thread may be changing
	}
	if o.File == "" {
		return nil, uv.Fail("spawn", uv.EINVAL)
	}
	for _, s := range slices.Concat([]string{o.File, o.Dir}, cmd.Args, cmd.Env) {
		if strings.IndexByte(s, 0) >= 0 {
			return nil, uv.FailAddr("spawn", strconv.Quote(s), uv.EINVAL)
		}
	}
	cmd.Env = lastOfEach(cmd.Env)
	if o.UID != nil {
		cmd.Flags |= cuv.ProcessSetUID
		cmd.UID = *o.UID
	}
	if o.GID != nil {
		cmd.Flags |= cuv.ProcessSetGID
		cmd.GID = *o.GID
	}
	if o.Detached {
		cmd.Flags |= cuv.ProcessDetached
	}
	return cmd, nil
}

// lastOfEach keeps the last of the variables that have one name, in order: most
// programs would take the first, and a caller who appends means the last.
func lastOfEach(env []string) []string {
	seen := make(map[string]bool, len(env))
	kept := make([]string, 0, len(env))
	for _, v := range slices.Backward(env) {
		if name, _, ok := strings.Cut(v, "="); ok {
			if seen[name] {
				continue
			}
			seen[name] = true
		}
		kept = append(kept, v)
	}
	slices.Reverse(kept)
	return kept
}

// failed makes the error of a spawn that libuv refused. It does not say whether
// the program or the working directory is at fault, so look.
func (o *ProcessOptions) failed(rc int) error {
	name := o.File
	if errno := syscall.Errno(-rc); o.Dir != "" && (errno == unix.ENOENT || errno == unix.ENOTDIR || errno == unix.EACCES) {
		if unix.Access(o.Dir+"/.", unix.X_OK) != nil {
			name = o.Dir
		}
	}
	return uv.CheckAddr("spawn", name, rc)
}
