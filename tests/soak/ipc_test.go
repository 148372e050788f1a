package soak

import (
	"errors"
	"io"
	"os"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	register(
		&actor{name: "handles.Pipe, IPC", weight: 4, run: passes},
		&actor{name: "handles.Poll", weight: 3, run: polls},
	)
}

// passes sends sockets and files through a pipe, and takes some, or none, before it closes: those that nobody takes are closed.
func passes(o *op) {
	l := o.loop()
	f, err := os.Open(os.Args[0])
	if !o.check("open", err) {
		return
	}
	o.on(l, func() {
		a, b, err := handles.NewPipePair(l, handles.IPC)
		if !o.check("pipe pair", err) {
			return
		}
		o.closes(a)
		o.closes(b)
		sends, takes := 1+o.IntN(6), 0
		early := o.chance(3) // the receiver closes in the middle
		if early || o.chance(2) {
			takes = o.IntN(sends + 1)
		} else {
			takes = sends
		}
		for i := range sends {
			sent := o.owe("a callback of a write with a descriptor")
			done := func(err error) {
				sent()
				if early {
					o.check("write", err, broken...)
				} else {
					o.check("write", err)
				}
				if i == sends-1 && !a.Closing() {
					_ = a.Close()
				}
			}
			var err error
			if o.chance(2) {
				err = a.WriteFile([]byte{byte(i)}, f, done)
			} else {
				c := must[*handles.TCP](o, "tcp")(l.NewTCP())
				o.closes(c)
				o.check("bind", c.Bind(loopback))
				err = a.WriteHandle([]byte{byte(i)}, c, done)
				_ = c.Close()
			}
			if err != nil {
				sent()
				o.check("write", err)
			}
		}
		got := 0
		o.check("read start", b.ReadStart(func(p []byte, err error) {
			if err != nil {
				if err != io.EOF {
					o.check("read", err, broken...)
				}
				if !early && got != sends {
					o.lose("%d of %d bytes with descriptors came", got, sends)
				}
				_ = b.Close()
				return
			}
			for _, c := range p {
				if int(c) != got {
					o.lose("byte %d with a descriptor came as byte %d", c, got)
				}
				got++
			}
			o.arrived(len(p))
			for takes > 0 && b.PendingCount() > 0 {
				takes--
				o.take(b)
			}
			if early && takes == 0 {
				o.fault("a pipe closed with descriptors that nobody took")
				_ = b.Close()
			}
		}))
	})
	o.settle()
	o.check("close", f.Close())
}

// take accepts what is next in the pipe, and closes it.
func (o *op) take(p *handles.Pipe) {
	if o.chance(4) {
		f, err := p.AcceptFile()
		if o.check("accept file", err) {
			o.check("close", f.Close())
		}
		return
	}
	h, err := p.Accept()
	if err != nil { // a file: no handle stands for it
		if !errors.Is(err, uv.EINVAL) && !errors.Is(err, uv.ENOTSUP) {
			o.lose("accept: %v", err)
		}
		f, err := p.AcceptFile()
		if o.check("accept file", err, uv.EAGAIN) {
			o.check("close", f.Close())
		}
		return
	}
	h.(interface{ OnClose(func()) }).OnClose(o.owe("a close callback"))
	o.check("close", h.Close())
}

// polls watches one end of a socket pair, whose other end writes and closes.
func polls(o *op) {
	l := o.loop()
	a, b, err := handles.SocketPair(1 /* SOCK_STREAM */, 0, handles.NonblockFirst)
	if !o.check("socket pair", err) {
		return
	}
	sent := frame(o.payload(4 << 10))
	o.on(l, func() {
		var got reader
		raw, err := a.SyscallConn()
		o.check("descriptor", err)
		o.check("descriptor", raw.Control(func(fd uintptr) {
			p := must[*handles.Poll](o, "poll")(l.NewPoll(fd))
			o.closes(p)
			seen := o.owe("the poll callback of the end")
			o.check("poll start", p.Start(handles.Readable|handles.Disconnect, func(_ handles.PollEvent, err error) {
				if !o.check("poll", err) {
					return
				}
				buf := make([]byte, 700)
				n, err := readFD(fd, buf)
				if n > 0 {
					if err := got.feed(buf[:n]); err != nil {
						o.lose("%v", err)
					}
				}
				if n == 0 && err == nil { // the end
					seen()
					if got.frames != 1 {
						o.lose("%d frames came, and %d bytes", got.frames, got.rest())
					}
					o.arrived(got.bytes)
					o.check("stop", p.Stop())
					_ = p.Close()
				}
			}))
		}))
	})
	_, err = b.Write(sent)
	o.check("write", errors.Join(err, b.Close()))
	o.settle()
	o.check("close", a.Close())
}
