package handles

import (
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/submit"
	"github.com/uvgo/uvgo/uv"
)

// A Pipe is a unix stream socket, a connection or a listener, or one end of a pipe. C
// type uv_pipe_t.
//
// https://docs.libuv.org/en/v1.x/pipe.html
type Pipe struct{ stream }

var _ uv.Handle = (*Pipe)(nil)

// A PipeOption changes what NewPipe makes.
type PipeOption uint

// IPC makes a pipe that passes handles and descriptors to its peer: see
// [Pipe.WriteHandle] and [Pipe.Accept]. Its descriptor must be a unix socket. The
// connections that a listener with IPC accepts have IPC, too.
const IPC PipeOption = 1

// NewPipe makes a pipe handle on the loop, without a socket yet. C function
// uv_pipe_init.
//
// https://docs.libuv.org/en/v1.x/pipe.html#c.uv_pipe_init
func NewPipe(l uv.Loop, opts ...PipeOption) (*Pipe, error) {
	p := new(Pipe)
	if slices.Contains(opts, IPC) {
		p.setRare().ipc = new(ipc)
	}
	if err := p.open(l, "pipe init", uv.KindPipe, p.rare().ipc != nil, (*pipeTarget)(p)); err != nil {
		return nil, err
	}
	return p, nil
}

// pathMax is the longest path, with the NUL byte that ends it.
const pathMax = len(unix.RawSockaddrUnix{}.Path)

// checkName checks a path, because libuv would end it at the first NUL byte.
func (p *Pipe) checkName(op, name string) error {
	if err := p.use(op); err != nil {
		return err
	}
	abstract := name != "" && name[0] == 0
	switch {
	case name == "" || strings.IndexByte(name[1:], 0) >= 0:
		return uv.FailAddr("pipe "+op, name, uv.EINVAL)
	case abstract && runtime.GOOS != "linux":
		return uv.FailAddr("pipe "+op, name, uv.ENOTSUP)
	case len(name) > pathMax || len(name) == pathMax && !abstract:
		return uv.FailAddr("pipe "+op, name, uv.ENAMETOOLONG)
	}
	return nil
}

// Bind binds to a path, at which no file may exist. Closing the handle removes the
// path. A name that begins with a NUL byte is abstract: it is no file, and exists on
// Linux only (ENOTSUP elsewhere). EINVAL for an empty name or a NUL byte within it,
// EADDRINUSE if the name is in use, ENAMETOOLONG if it is longer than the system's
// limit (on Linux 107 bytes, 108 for an abstract name). C functions uv_pipe_bind and,
// for abstract names, uv_pipe_bind2.
//
// https://docs.libuv.org/en/v1.x/pipe.html#c.uv_pipe_bind2
func (p *Pipe) Bind(name string) error {
	if err := p.checkName("bind", name); err != nil {
		return err
	}
	if rc := p.c.PipeBind(name); rc < 0 {
		return uv.CheckAddr("pipe bind", name, rc)
	}
	p.set(opened)
	return nil
}

// Listen starts accepting connections; see [TCP.Listen]. If p has IPC, so have they. C
// function uv_listen.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_listen
func (p *Pipe) Listen(backlog int, fn func(c *Pipe, err error)) error {
	if fn == nil {
		return p.listen(backlog, nil)
	}
	return p.listen(backlog, func(h *cuv.Handle, _ uint64, err error) {
		if err != nil {
			fn(nil, err)
			return
		}
		c := new(Pipe)
		c.register(p.core, h, (*pipeTarget)(c))
		if p.rare().ipc != nil {
			c.setRare().ipc = new(ipc)
			h.SetIPC()
		}
		c.set(opened | readable | writable)
		fn(c, nil)
	})
}

// Connect starts connecting to a path. fn runs once, with nil or the error: ENOENT if
// the path does not exist, ECONNREFUSED if no socket listens there. Connect itself
// returns EINVAL for a nil fn, a bad name or a listener, and EALREADY while connecting.
// C functions uv_pipe_connect and, for abstract names, uv_pipe_connect2.
//
// https://docs.libuv.org/en/v1.x/pipe.html#c.uv_pipe_connect2
func (p *Pipe) Connect(name string, fn func(err error)) error {
	if err := p.checkName("connect", name); err != nil {
		return err
	}
	if fn == nil {
		return p.fail("connect", uv.EINVAL)
	}
	err := submit.StartConnect(p.core, "pipe connect", name, fn, func(slot, gen uint32) int {
		return p.c.PipeConnect(name, slot, gen)
	})
	if err == nil {
		p.set(opened | readable | writable)
	}
	return err
}

// LocalName returns the path of this end, "" if it has none. C function
// uv_pipe_getsockname.
//
// https://docs.libuv.org/en/v1.x/pipe.html#c.uv_pipe_getsockname
func (p *Pipe) LocalName() (string, error) { return p.path("local name", false) }

// RemoteName returns the path of the peer, "" if it has none. C function
// uv_pipe_getpeername.
//
// https://docs.libuv.org/en/v1.x/pipe.html#c.uv_pipe_getpeername
func (p *Pipe) RemoteName() (string, error) { return p.path("remote name", true) }

func (p *Pipe) path(op string, peer bool) (string, error) {
	if err := p.use(op); err != nil {
		return "", err
	}
	name, rc := p.c.PipeName(peer)
	return name, p.check(op, rc)
}

// A PipeMode is what other users may do with a bound path.
type PipeMode int

// The modes of Chmod; they may be combined.
const (
	PipeReadable PipeMode = cuv.PipeReadable
	PipeWritable PipeMode = cuv.PipeWritable
)

// Chmod lets other users use a bound path. They need PipeWritable to connect. EBADF
// before Bind, EINVAL for other modes, ENOENT for an abstract name. C function
// uv_pipe_chmod.
//
// https://docs.libuv.org/en/v1.x/pipe.html#c.uv_pipe_chmod
func (p *Pipe) Chmod(mode PipeMode) error {
	if err := p.use("chmod"); err != nil {
		return err
	}
	if mode&^(PipeReadable|PipeWritable) != 0 {
		return p.fail("chmod", uv.EINVAL)
	}
	return p.check("chmod", p.c.PipeChmod(int(mode)))
}

// Open makes the handle use a duplicate of fd: of a unix stream socket, the end of a
// pipe or a character device, and with IPC of a unix stream socket only. The caller
// keeps fd, which becomes non-blocking. EBUSY if the handle has a descriptor, EINVAL
// for another kind of fd, EPERM for a device that cannot be polled, such as /dev/null.
// C function uv_pipe_open.
//
// https://docs.libuv.org/en/v1.x/pipe.html#c.uv_pipe_open
func (p *Pipe) Open(fd uintptr) error {
	return p.openFD("open", fd, true, p.usableFD(), p.ownWith(p.c.PipeOpen))
}

// usableFD returns the function that tells whether the pipe can use a descriptor.
func (p *Pipe) usableFD() func(fd int) bool {
	if p.rare().ipc != nil {
		return unixSocket
	}
	return byteStream
}

// Take is Open without a duplicate: from now on the handle owns fd, which nothing else
// may close. If Take fails, the caller keeps fd. EEXIST if the loop polls fd already;
// other errors as for Open. C function uv_pipe_open.
//
// https://docs.libuv.org/en/v1.x/pipe.html#c.uv_pipe_open
func (p *Pipe) Take(fd uintptr) error {
	return p.openFD("take", fd, false, p.usableFD(), p.ownWith(p.c.PipeOpen))
}
