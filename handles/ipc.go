package handles

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// maxPending is how many descriptors may wait to be accepted while reading goes on. It
// keeps a peer from using up the process's descriptors.
const maxPending = 256

// ipc is the state of a pipe that receives descriptors. A descriptor belongs to the
// chunk with which it came. It is pending once that chunk has been delivered.
type ipc struct {
	queue   []passed // those not yet accepted, oldest first
	arrived int      // how many have arrived since the pipe was opened
	pending int      // how many of the queue came with chunks that have been delivered
}

// passed is a descriptor that arrived.
type passed struct {
	fd   int
	kind uv.HandleKind
}

// setPending makes those descriptors pending that came up to and with a chunk. arrived
// is what in.arrived was when the chunk came.
func (in *ipc) setPending(arrived int) { in.pending = len(in.queue) - (in.arrived - arrived) }

// tooMany tells whether too many descriptors are pending for another chunk to be
// delivered.
func (in *ipc) tooMany() bool { return in.pending > maxPending }

// pop removes the oldest descriptor from the queue and returns it.
func (in *ipc) pop() passed {
	d := in.queue[0]
	in.queue = in.queue[1:]
	in.pending--
	if len(in.queue) == 0 {
		in.queue = nil
	}
	return d
}

// discard closes the descriptors that were not accepted.
func (in *ipc) discard() {
	for _, d := range in.queue {
		unix.Close(d.fd)
	}
	*in = ipc{}
}

// complete handles the pipe's events. C types uv_read_cb, uv_connection_cb and
// uv_close_cb.
//
// https://docs.libuv.org/en/v1.x/stream.html
func (p *Pipe) complete(ev *cuv.Event) {
	if p.rare().ipc == nil {
		p.stream.complete(ev)
		return
	}
	in := p.rare().ipc
	switch ev.Kind {
	case cuv.EvPassed:
		in.queue = append(in.queue, passed{ev.PassedFD(), uv.HandleKind(ev.PassedKind())})
		in.arrived++
	case cuv.EvRead:
		p.onIPCRead(ev)
	case cuv.EvClose:
		in.discard()
		p.stream.complete(ev)
	default:
		p.stream.complete(ev)
	}
}

// onIPCRead is onRead for a pipe that receives descriptors. libuv reports a chunk after
// the descriptors that came with it.
func (p *Pipe) onIPCRead(ev *cuv.Event) {
	in := p.rare().ipc
	deliver := p.has(reading) && p.rare().kept == nil
	if deliver && !in.tooMany() {
		in.setPending(in.arrived)
		p.onRead(ev)
		return
	}
	k := p.keep()
	k.ipc = in
	k.arrived = append(k.arrived, in.arrived)
	var fn func(p []byte, err error)
	if deliver {
		fn = p.stopReading()
	}
	p.onRead(ev) // keeps it
	if fn != nil {
		fn(nil, p.fail("read", uv.EMFILE))
	}
}

// stopReading stops reading and returns the function of ReadStart, so that the caller
// can pass it the reason.
func (s *stream) stopReading() func(p []byte, err error) {
	fn := s.read
	if fn == nil {
		fn = s.flow.target.Read
	}
	s.clear(reading)
	s.read = nil
	s.core.Ring().Submit(cuv.OpReadStop, s.c, 0, 0)
	return fn
}

// PendingCount returns how many descriptors wait for Accept or AcceptFile, of those
// that came with chunks delivered so far. It is 0 without IPC. C function
// uv_pipe_pending_count.
//
// https://docs.libuv.org/en/v1.x/pipe.html#c.uv_pipe_pending_count
func (p *Pipe) PendingCount() int {
	if !p.owned("pending count") || p.rare().ipc == nil || p.has(closing) {
		return 0
	}
	return p.rare().ipc.pending
}

// PendingType returns the kind of the oldest pending descriptor: KindTCP, KindPipe,
// KindUDP, KindTTY, KindFile for files and devices, KindUnknown for others and if none
// is pending. C function uv_pipe_pending_type.
//
// https://docs.libuv.org/en/v1.x/pipe.html#c.uv_pipe_pending_type
func (p *Pipe) PendingType() uv.HandleKind {
	if p.PendingCount() == 0 {
		return uv.KindUnknown
	}
	return p.rare().ipc.queue[0].kind
}

// checkPending fails unless a descriptor is pending.
func (p *Pipe) checkPending(op string) error {
	if err := p.use(op); err != nil {
		return err
	}
	if p.rare().ipc == nil {
		return p.fail(op, uv.EINVAL)
	}
	if p.rare().ipc.pending == 0 {
		return p.fail(op, uv.EAGAIN)
	}
	return nil
}

// Accept returns the oldest pending descriptor as a handle on the pipe's loop: a *TCP,
// a *Pipe made with opts, a *UDP or a *TTY. The caller must close the handle. The
// descriptor becomes non-blocking, also for other processes that have it. EAGAIN if
// none is pending, EINVAL without IPC. ENOTSUP for other kinds, for which AcceptFile
// works. On any other error the descriptor is closed. C function uv_accept.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_accept
func (p *Pipe) Accept(opts ...PipeOption) (uv.Handle, error) {
	if err := p.checkPending("accept"); err != nil {
		return nil, err
	}
	open := acceptors[p.rare().ipc.queue[0].kind]
	if open == nil {
		return nil, p.fail("accept", uv.ENOTSUP)
	}
	d := p.rare().ipc.pop()
	h, err := open(p.core, d.fd, opts)
	if err != nil {
		unix.Close(d.fd)
		return nil, err
	}
	return h, nil
}

// acceptors make a handle that owns the descriptor fd. After an error fd is open and
// the caller's.
var acceptors = map[uv.HandleKind]func(l uv.Loop, fd int, opts []PipeOption) (uv.Handle, error){
	uv.KindTCP: func(l uv.Loop, fd int, _ []PipeOption) (uv.Handle, error) {
		t, err := NewTCP(l)
		if err != nil {
			return nil, err
		}
		if err := t.ownWith(t.c.TCPOpen)("accept", fd); err != nil {
			t.Close()
			return nil, err
		}
		return t, nil
	},
	uv.KindPipe: func(l uv.Loop, fd int, opts []PipeOption) (uv.Handle, error) {
		p, err := NewPipe(l, opts...)
		if err != nil {
			return nil, err
		}
		if err := p.ownWith(p.c.PipeOpen)("accept", fd); err != nil {
			p.Close()
			return nil, err
		}
		return p, nil
	},
	uv.KindUDP: func(l uv.Loop, fd int, _ []PipeOption) (uv.Handle, error) {
		u, err := NewUDP(l)
		if err != nil {
			return nil, err
		}
		if err := u.own("accept", fd); err != nil {
			u.Close()
			return nil, err
		}
		return u, nil
	},
	uv.KindTTY: func(l uv.Loop, fd int, _ []PipeOption) (uv.Handle, error) {
		t, err := NewTTY(l, uintptr(fd))
		if err != nil {
			return nil, err
		}
		_ = unix.Close(fd) // NewTTY has opened the terminal anew
		return t, nil
	},
}

// AcceptFile returns the oldest pending descriptor, of any kind, as a file. The caller
// must close it. net.FileConn and its like make connections of such a file. EAGAIN if
// none is pending, EINVAL without IPC. C function uv_accept.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_accept
func (p *Pipe) AcceptFile() (*os.File, error) {
	if err := p.checkPending("accept file"); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(p.rare().ipc.pop().fd), "passed"), nil
}
