package handles

import (
	"fmt"
	"os"
	"reflect"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// A Stdio is what one of a child's descriptors refers to. The zero value is /dev/null
// for the descriptors 0, 1 and 2, and closes others. C type uv_stdio_container_t.
//
// https://docs.libuv.org/en/v1.x/process.html#c.uv_stdio_container_t
type Stdio struct {
	from   stdioKind
	mode   StdioMode
	ipc    bool
	fd     int
	file   *os.File
	stream Stream
}

type stdioKind uint8

const (
	fromNothing stdioKind = iota
	fromPipe
	fromFD
	fromFile
	fromStream
)

// A StdioMode is what a child may do with a pipe.
type StdioMode uint16

// The modes of StdioPipe; they may be combined. UV_NONBLOCK_PIPE is missing, because it
// has an effect on Windows only.
const (
	ChildReads  StdioMode = cuv.StdioReadable
	ChildWrites StdioMode = cuv.StdioWritable
)

// StdioPipe gives the child one end of a new pair of connected unix sockets.
// [Process.Stdio] returns the other end. opts are those of NewPipe. C constant
// UV_CREATE_PIPE of uv_stdio_flags.
//
// https://docs.libuv.org/en/v1.x/process.html#c.uv_stdio_flags
func StdioPipe(mode StdioMode, opts ...PipeOption) Stdio {
	return Stdio{from: fromPipe, mode: mode, ipc: slices.Contains(opts, IPC)}
}

// StdioFD gives the child a descriptor of this process, such as 2 to share stderr. As
// the child's 0, 1 or 2 the descriptor becomes blocking, for this process as well. C
// constant UV_INHERIT_FD of uv_stdio_flags.
//
// https://docs.libuv.org/en/v1.x/process.html#c.uv_stdio_flags
func StdioFD(fd int) Stdio { return Stdio{from: fromFD, fd: fd} }

// StdioFile is StdioFD for an open file, which must stay open until Spawn returns. C
// constant UV_INHERIT_FD of uv_stdio_flags.
//
// https://docs.libuv.org/en/v1.x/process.html#c.uv_stdio_flags
func StdioFile(f *os.File) Stdio { return Stdio{from: fromFile, file: f} }

// StdioStream gives the child the socket or pipe of a handle of the same loop, such as
// a connection to serve or a listener to accept from. Both processes have it then. As
// the child's 0, 1 or 2 it becomes blocking for both processes, so close the handle
// after Spawn. C constant UV_INHERIT_STREAM of uv_stdio_flags.
//
// https://docs.libuv.org/en/v1.x/process.html#c.uv_stdio_flags
func StdioStream(s Stream) Stdio { return Stdio{from: fromStream, stream: s} }

// stdio translates the descriptors of one Spawn.
type stdio struct {
	core *core.Core
	dups []int // duplicates for the child, which this process closes after the spawn
}

// resolve translates all descriptors.
func (io *stdio) resolve(list []Stdio) ([]cuv.Stdio, error) {
	out := make([]cuv.Stdio, len(list))
	for i, s := range list {
		var err error
		switch s.from {
		case fromPipe:
			if s.mode == 0 || s.mode&^(ChildReads|ChildWrites) != 0 {
				return nil, badStdio(i, "pipe", uv.EINVAL)
			}
			out[i].Flags = cuv.StdioCreatePipe | uint16(s.mode)
			if s.ipc {
				out[i].IPC = 1
			}
		case fromFD:
			err = io.dup(&out[i], i, s.fd, len(list))
		case fromFile:
			err = io.dupFile(&out[i], i, s.file, len(list))
		case fromStream:
			err = io.share(&out[i], i, s.stream)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// dup sets out to a duplicate of fd, because other goroutines may close fd before the
// child has it. The duplicate's number is above the child's n descriptors, so that none
// of them replaces it.
func (io *stdio) dup(out *cuv.Stdio, i, fd, n int) error {
	what := fmt.Sprintf("descriptor %d", fd)
	if fd < 0 || int(int32(fd)) != fd {
		return badStdio(i, what, uv.EINVAL)
	}
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, max(3, n))
	if err != nil {
		return badStdio(i, what, uv.Errno(-int(err.(unix.Errno))))
	}
	io.dups = append(io.dups, own)
	out.Flags, out.FD = cuv.StdioInheritFD, int32(own)
	return nil
}

// dupFile is dup for a file.
func (io *stdio) dupFile(out *cuv.Stdio, i int, f *os.File, n int) error {
	raw, err := f.SyscallConn()
	if err != nil { // a nil file
		return badStdio(i, "no file", uv.EINVAL)
	}
	// Not f.Fd(), which may make the file blocking.
	if cerr := raw.Control(func(fd uintptr) { err = io.dup(out, i, int(fd), n) }); cerr != nil {
		return &uv.OpError{Op: fmt.Sprintf("spawn: stdio %d: file %s", i, f.Name()), Err: uv.ErrClosed}
	}
	return err
}

// share sets out to a stream's own descriptor. The loop's goroutine is here, so nothing
// closes it before the child has it.
func (io *stdio) share(out *cuv.Stdio, i int, s Stream) error {
	var b *Base
	if v := reflect.ValueOf(s); v.IsValid() && (v.Kind() != reflect.Pointer || !v.IsNil()) {
		b = s.Base()
	}
	switch {
	case b == nil || b.core == nil:
		return badStdio(i, "no stream", uv.EINVAL)
	case b.core != io.core:
		return badStdio(i, b.kind.String()+" of another loop", uv.EINVAL)
	case b.has(closing):
		return &uv.OpError{Op: fmt.Sprintf("spawn: stdio %d: %s", i, b.kind), Err: uv.ErrClosed}
	case b.c.FD() < 0:
		return badStdio(i, b.kind.String()+" without a socket", uv.EINVAL)
	}
	out.Flags, out.Handle = cuv.StdioInheritStream, b.c
	return nil
}

// badStdio returns the error of a Stdio that the child cannot get.
func badStdio(i int, what string, errno uv.Errno) error {
	return uv.CheckAddr("spawn", fmt.Sprintf("stdio %d: %s", i, what), int(errno))
}

// release closes the duplicates.
func (io *stdio) release() {
	for _, fd := range io.dups {
		unix.Close(fd)
	}
}

// register makes Go handles of the pipes that C made for the child.
func (io *stdio) register(list []cuv.Stdio) []*Pipe {
	var pipes []*Pipe
	for i, s := range list {
		if s.Flags&cuv.StdioCreatePipe == 0 {
			continue
		}
		if pipes == nil {
			pipes = make([]*Pipe, len(list))
		}
		p := new(Pipe)
		if s.IPC != 0 {
			p.setRare().ipc = new(ipc)
		}
		p.register(io.core, s.Handle, (*pipeTarget)(p))
		p.set(opened)
		if s.Flags&cuv.StdioWritable != 0 {
			p.set(readable)
		}
		if s.Flags&cuv.StdioReadable != 0 {
			p.set(writable)
		}
		pipes[i] = p
	}
	return pipes
}
