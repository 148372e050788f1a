package handles

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// A PairOption changes what PipePair and SocketPair make.
type PairOption uint

// The options of PipePair and SocketPair. Without them both ends are blocking, as other
// programs expect. A handle that opens an end makes it non-blocking.
const (
	NonblockFirst  PairOption = 1 << iota // the first end, the one to read from
	NonblockSecond                        // the other end
)

func ends(opts []PairOption) (first, second bool) {
	for _, o := range opts {
		first = first || o&NonblockFirst != 0
		second = second || o&NonblockSecond != 0
	}
	return first, second
}

// PipePair makes an anonymous pipe: what is written to w can be read from r. The caller
// closes both; children do not inherit them. [Pipe.Open] makes a handle use an end. C
// function uv_pipe.
//
// https://docs.libuv.org/en/v1.x/pipe.html#c.uv_pipe
func PipePair(opts ...PairOption) (r, w *os.File, err error) {
	fds, rc := cuv.PipePair(ends(opts))
	if rc < 0 {
		return nil, nil, uv.Check("pipe pair", rc)
	}
	return os.NewFile(uintptr(fds[0]), "|0"), os.NewFile(uintptr(fds[1]), "|1"), nil
}

// SocketPair makes two connected unix sockets of a type, such as unix.SOCK_STREAM, and
// a protocol, mostly 0. The caller closes both; children do not inherit them.
// [Pipe.Open] makes a handle use one. C function uv_socketpair.
//
// https://docs.libuv.org/en/v1.x/tcp.html#c.uv_socketpair
func SocketPair(typ, protocol int, opts ...PairOption) (a, b *os.File, err error) {
	first, second := ends(opts)
	fds, rc := cuv.SocketPair(typ, protocol, first, second)
	if rc < 0 {
		return nil, nil, uv.Check("socket pair", rc)
	}
	return os.NewFile(uintptr(fds[0]), "socket 0"), os.NewFile(uintptr(fds[1]), "socket 1"), nil
}

// NewPipePair makes two connected pipe handles on the loop, each of which must be
// closed. C functions uv_socketpair and uv_pipe_open.
//
// https://docs.libuv.org/en/v1.x/tcp.html#c.uv_socketpair
func NewPipePair(l uv.Loop, opts ...PipeOption) (a, b *Pipe, err error) {
	if a, err = NewPipe(l, opts...); err != nil {
		return nil, nil, err
	}
	if b, err = NewPipe(l, opts...); err != nil {
		a.Close()
		return nil, nil, err
	}
	fds, rc := cuv.SocketPair(unix.SOCK_STREAM, 0, true, true)
	if err = uv.Check("pipe pair", rc); err == nil {
		err = a.ownWith(a.c.PipeOpen)("open", fds[0])
		if err != nil {
			unix.Close(fds[0])
			unix.Close(fds[1])
		} else if err = b.ownWith(b.c.PipeOpen)("open", fds[1]); err != nil {
			unix.Close(fds[1])
		}
	}
	if err != nil {
		a.Close()
		b.Close()
		return nil, nil, err
	}
	return a, b, nil
}
