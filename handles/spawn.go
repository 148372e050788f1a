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

// ProcessOptions say what Spawn starts, and how. Only File must be set. libuv's flags
// for Windows have no counterpart. C type uv_process_options_t.
//
// https://docs.libuv.org/en/v1.x/process.html#c.uv_process_options_t
type ProcessOptions struct {
	// File is the program: a path, relative to Dir unless it is absolute, or a name
	// without a slash, which is searched in the PATH of Env.
	File string
	// Args are the arguments. The first is the program's own name. If Args is empty,
	// File is the only argument.
	Args []string
	// Env is the environment, in the form "NAME=value". Of several with the same name
	// the last one counts. nil means this process's environment.
	Env []string
	// Dir is the working directory. Empty means this process's.
	Dir string
	// UID and GID are the child's user and group; nil means this process's. To change
	// them takes privileges. The child then has no supplementary groups.
	UID, GID *uint32
	// Detached makes the child the leader of a new session and process group, so that
	// it can outlive this process. Unref on the handle lets Run return while the child
	// runs.
	Detached bool
	// KillOnClose makes Close kill the child. The handle is closed when the child has
	// ended.
	KillOnClose bool
	// Stdio are the child's descriptors 0, 1, 2 and so on. If there are less than
	// three, the missing ones of 0, 1 and 2 are /dev/null. The child gets no other
	// descriptors.
	Stdio []Stdio
}

// Spawn starts a program. fn, which may be nil, runs when the program has ended. It
// gets the exit status, and the signal that ended the program or 0. The last output of
// the program may still wait in its pipes then.
//
// Spawn returns when the child has become the program, so a program that cannot be
// started is an error of Spawn. ENOENT and EACCES name File or Dir. EINVAL for an empty
// File, a NUL byte in any string, or a Stdio that the child cannot get. EBADF for a
// descriptor that is not open, EPERM for a UID or GID that this process may not set.
// After an error no child, pipe or handle is left.
//
// Spawn takes about as long as os/exec's Start, whatever the size of the heap. The loop
// stands still meanwhile, for a long time if the program is on a slow file system
// (docs/sleeping.md).
//
// The child starts with no signal blocked. It ignores no signal, except real-time
// signals that this process ignores. C function uv_spawn.
//
// https://docs.libuv.org/en/v1.x/process.html#c.uv_spawn
func Spawn(l uv.Loop, opts ProcessOptions, fn func(status int, sig syscall.Signal)) (*Process, error) {
	p := &Process{killOnClose: opts.KillOnClose, fn: fn}
	if err := p.attach(l, "spawn", uv.KindProcess); err != nil {
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

// command checks the options and translates all of them but Stdio.
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

// lastOfEach removes a variable if a later one has the same name, and keeps the order.
// A caller that appends to os.Environ means the last, but most programs take the first.
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

// failed returns the error of a spawn that failed in libuv or in the child. The code
// does not say whether the program or the working directory is at fault, so failed
// looks at the directory.
func (o *ProcessOptions) failed(rc int) error {
	name := o.File
	if errno := syscall.Errno(-rc); o.Dir != "" && (errno == unix.ENOENT || errno == unix.ENOTDIR || errno == unix.EACCES) {
		if unix.Access(o.Dir+"/.", unix.X_OK) != nil {
			name = o.Dir
		}
	}
	return uv.CheckAddr("spawn", name, rc)
}
