package handles

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// maxPending is how many descriptors may wait to be accepted when another chunk
// is due: a peer must not be able to use up those of the process.
const maxPending = 256

// ipc is what a pipe that passes descriptors adds to Pipe. A descriptor belongs
// to the chunk that it came with: it is pending once that has been delivered.
type ipc struct {
	queue   []passed // arrived and not accepted, oldest first
	arrived int      // how many ever arrived
	pending int      // how many of the queue came with delivered chunks
}

// passed is a descriptor that arrived.
type passed struct {
	fd   int
	kind uv.HandleKind
}

// due notes that a chunk is delivered by which so many had arrived.
func (in *ipc) due(arrived int) { in.pending = len(in.queue) - (in.arrived - arrived) }

// crowded tells whether too many descriptors wait for another chunk.
func (in *ipc) crowded() bool { return in.pending > maxPending }

// nextPassed removes the oldest descriptor.
func (in *ipc) nextPassed() passed {
	d := in.queue[0]
	in.queue = in.queue[1:]
	in.pending--
	if len(in.queue) == 0 {
		in.queue = nil
	}
	return d
}

// discard closes what nobody accepted.
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
	if p.ipc == nil {
		p.stream.complete(ev)
		return
	}
	in := p.ipc
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

// onIPCRead is onRead of a chunk, or an end, and the descriptors before it.
func (p *Pipe) onIPCRead(ev *cuv.Event) {
	in := p.ipc
	deliver := p.has(reading) && p.held == nil
	if deliver && !in.crowded() {
		in.due(in.arrived)
		p.onRead(ev)
		return
	}
	h := p.hold()
	h.ipc = in
	h.marks = append(h.marks, in.arrived)
	var fn func(p []byte, err error)
	if deliver {
		fn = p.suspend()
	}
	p.onRead(ev) // holds it
	if fn != nil {
		fn(nil, p.fail("read", uv.EMFILE))
	}
}

// suspend stops reading and returns the function that learns why.
func (s *stream) suspend() func(p []byte, err error) {
	fn := s.read
	s.clear(reading)
	s.read = nil
	s.core.Ring().Submit(cuv.OpReadStop, s.c, 0, 0)
	return fn
}

// PendingCount returns how many descriptors came with the chunks that were delivered
// so far and wait for Accept or AcceptFile; always 0 without IPC. C function
// uv_pipe_pending_count.
//
// https://docs.libuv.org/en/v1.x/pipe.html#c.uv_pipe_pending_count
func (p *Pipe) PendingCount() int {
	if !p.mine("pending count") || p.ipc == nil || p.has(closing) {
		return 0
	}
	return p.ipc.pending
}

// PendingType tells what the oldest of them is: KindTCP, KindPipe, KindUDP, KindTTY,
// KindFile for files and devices, KindUnknown for others and if there is none. C
// function uv_pipe_pending_type.
//
// https://docs.libuv.org/en/v1.x/pipe.html#c.uv_pipe_pending_type
func (p *Pipe) PendingType() uv.HandleKind {
	if p.PendingCount() == 0 {
		return uv.KindUnknown
	}
	return p.ipc.queue[0].kind
}

// waiting checks that a descriptor is pending.
func (p *Pipe) waiting(op string) error {
	if err := p.use(op); err != nil {
		return err
	}
	if p.ipc == nil {
		return p.fail(op, uv.EINVAL)
	}
	if p.ipc.pending == 0 {
		return p.fail(op, uv.EAGAIN)
	}
	return nil
}

// Accept takes the oldest pending descriptor as a handle on the pipe's loop: a *TCP, a
// *Pipe, made with opts, a *UDP or a *TTY, which the receiver must close. The
// descriptor becomes non-blocking, which all its holders share. EAGAIN if none is
// pending, EINVAL without IPC, ENOTSUP for other kinds, which AcceptFile takes. On any
// other error the descriptor is closed. C function uv_accept.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_accept
func (p *Pipe) Accept(opts ...PipeOption) (uv.Handle, error) {
	if err := p.waiting("accept"); err != nil {
		return nil, err
	}
	open := acceptors[p.ipc.queue[0].kind]
	if open == nil {
		return nil, p.fail("accept", uv.ENOTSUP)
	}
	d := p.ipc.nextPassed()
	h, err := open(p.core, d.fd, opts)
	if err != nil {
		unix.Close(d.fd)
		return nil, err
	}
	return h, nil
}

// acceptors make handles that own a descriptor, or fail and leave it alone.
var acceptors = map[uv.HandleKind]func(l uv.Loop, fd int, opts []PipeOption) (uv.Handle, error){
	uv.KindTCP: func(l uv.Loop, fd int, _ []PipeOption) (uv.Handle, error) {
		t, err := NewTCP(l)
		if err != nil {
			return nil, err
		}
		if err := t.owner(t.c.TCPOpen)("accept", fd); err != nil {
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
		if err := p.owner(p.c.PipeOpen)("accept", fd); err != nil {
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
		_ = unix.Close(fd) // it has one of its own
		return t, nil
	},
}

// AcceptFile takes the oldest pending descriptor, whatever it is, as a file, which the
// receiver must close; net.FileConn and its like make connections of it. EAGAIN if
// none is pending, EINVAL without IPC. C function uv_accept.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_accept
func (p *Pipe) AcceptFile() (*os.File, error) {
	if err := p.waiting("accept file"); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(p.ipc.nextPassed().fd), "passed"), nil
}
