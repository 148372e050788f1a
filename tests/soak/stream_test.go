package soak

import (
	"errors"
	"io"
	"net/netip"
	"slices"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	register(
		&actor{name: "handles.TCP", weight: 8, run: func(o *op) { o.converse(tcpKind{}) }},
		&actor{name: "handles.Pipe", weight: 6, run: func(o *op) { o.converse(&pipeKind{path: o.w.path("p")}) }},
	)
}

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

// A streamKind makes the ends of a connection, in callbacks of their loops.
type streamKind interface {
	// listen returns a listener whose connections accept gets, and which connect reaches.
	listen(o *op, l *uvgo.Loop, accept func(c handles.Stream, err error)) (ln io.Closer, connect func(c handles.Stream, fn func(error)) error, err error)
	// client returns a stream that is not connected yet.
	client(l *uvgo.Loop) (handles.Stream, error)
}

type tcpKind struct{}

func (tcpKind) client(l *uvgo.Loop) (handles.Stream, error) { return l.NewTCP() }

func (tcpKind) listen(o *op, l *uvgo.Loop, accept func(handles.Stream, error)) (io.Closer, func(handles.Stream, func(error)) error, error) {
	ln, err := l.NewTCP()
	if err != nil {
		return nil, nil, err
	}
	o.closes(ln)
	err = errors.Join(ln.Bind(loopback), ln.Listen(16, func(c *handles.TCP, err error) { accept(c, err) }))
	addr, err2 := ln.LocalAddr()
	return ln, func(c handles.Stream, fn func(error)) error { return c.(*handles.TCP).Connect(addr, fn) }, errors.Join(err, err2)
}

type pipeKind struct{ path string }

func (*pipeKind) client(l *uvgo.Loop) (handles.Stream, error) { return l.NewPipe() }

func (k *pipeKind) listen(o *op, l *uvgo.Loop, accept func(handles.Stream, error)) (io.Closer, func(handles.Stream, func(error)) error, error) {
	ln, err := l.NewPipe()
	if err != nil {
		return nil, nil, err
	}
	o.closes(ln)
	err = errors.Join(ln.Bind(k.path), ln.Listen(16, func(c *handles.Pipe, err error) { accept(c, err) }))
	return ln, func(c handles.Stream, fn func(error)) error { return c.(*handles.Pipe).Connect(k.path, fn) }, err
}

// closes owes the close callback of a handle.
func (o *op) closes(h interface{ OnClose(func()) }) { h.OnClose(o.owe("a close callback")) }

// A cut is who ends a conversation in the middle, and how.
type cut int

const (
	uncut cut = iota
	clientCloses
	clientResets
	serverCloses
	serverResets
	serverTurnsAway
	clientGivesUp // closes before it is connected
	noListener
	cuts
)

// broken are the errors that the ends of a conversation that is cut may see.
var broken = []error{uv.ECANCELED, uv.ECONNRESET, uv.EPIPE, uv.ENOTCONN, uv.ECONNABORTED, io.EOF, uv.ErrClosed}

// A talk is one conversation: a client sends frames, and gets them back.
type talk struct {
	*op
	cut    cut
	after  int // how many bytes come before the cut
	frames [][]byte
	total  int
	slow   bool // both stop reading now and then
	half   bool // the client ends its side, and reads until the server ends its own

	got reader
}

// allowed are the errors that may come.
func (k *talk) allowed() []error {
	if k.cut == uncut {
		return nil
	}
	return slices.Clip(broken)
}

// converse makes a connection between two loops, or on one, and talks over it.
func (o *op) converse(kind streamKind) {
	k := &talk{op: o, slow: o.chance(6), half: o.chance(2)}
	if o.chance(2) {
		k.cut = cut(1 + o.IntN(int(cuts)-1))
	}
	for range 1 + o.IntN(12) {
		f := frame(o.payload(96 << 10))
		k.frames = append(k.frames, f)
		k.total += len(f)
	}
	k.after = o.IntN(k.total)

	a, b := o.loop(), o.loop()
	var ln io.Closer
	var connect func(handles.Stream, func(error)) error
	o.on(a, func() {
		var err error
		ln, connect, err = kind.listen(o, a, func(c handles.Stream, err error) {
			if o.check("accept", err) {
				k.serve(a, c)
			}
		})
		o.check("listen", err)
		if k.cut == noListener {
			_ = ln.Close()
		}
	})
	gone := make(chan struct{})
	o.on(b, func() {
		c := must[handles.Stream](o, "client")(kind.client(b))
		closed := o.owe("a close callback")
		c.OnClose(func() { closed(); close(gone) })
		paid := o.owe("a connect callback")
		err := connect(c, func(err error) {
			paid()
			switch {
			case err == nil:
				k.ask(b, c)
			case k.cut == noListener:
				o.check("connect", err, append(k.allowed(), uv.ECONNREFUSED, uv.ENOENT)...) // or reset, by a listener that is about to close
				_ = c.Close()
			case k.cut == clientGivesUp:
				o.check("connect", err, uv.ECANCELED)
			default:
				o.check("connect", err, k.allowed()...)
				_ = c.Close()
			}
		})
		if err != nil {
			paid()
			_ = c.Close()
			o.check("connect", err, uv.ECONNREFUSED, uv.ENOENT)
		} else if k.cut == clientGivesUp {
			_ = c.Close()
		}
	})
	o.await(gone, "the client's end")
	o.on(a, func() { _ = ln.Close() })
	o.settle()
	if k.cut == uncut && (k.got.frames != len(k.frames) || k.got.rest() != 0) {
		o.lose("%d of %d frames came back, and %d bytes of another", k.got.frames, len(k.frames), k.got.rest())
	}
	o.arrived(k.got.bytes)
}

// end closes a stream, with a reset if it is TCP and reset is true.
func end(c handles.Stream, reset bool) {
	if tcp, ok := c.(*handles.TCP); ok && reset && tcp.CloseReset() == nil {
		return
	}
	_ = c.Close()
}

// rest stops reading for a moment, if the talk is slow. again goes on.
func (k *talk) rest(l *uvgo.Loop, c handles.Stream, again func([]byte, error)) {
	if !k.slow || c.Closing() || !k.chance(3) || c.ReadStop() != nil {
		return
	}
	fired := k.owe("AfterFunc")
	if _, err := l.AfterFunc(k.pause(), func() {
		fired()
		if !c.Closing() {
			k.check("read start", c.ReadStart(again), append(k.allowed(), uv.EALREADY)...)
		}
	}); !k.check("AfterFunc", err) {
		fired()
	}
}

// serve echoes on an accepted connection.
func (k *talk) serve(l *uvgo.Loop, c handles.Stream) {
	k.closes(c)
	if k.cut == serverTurnsAway {
		end(c, k.slow)
		return
	}
	seen := 0
	var read func(p []byte, err error)
	read = func(p []byte, err error) {
		if err != nil {
			if err != io.EOF {
				k.check("the server's read", err, k.allowed()...)
				_ = c.Close()
				return
			}
			paid := k.owe("a shutdown callback")
			if err := c.Shutdown(func(err error) {
				paid()
				k.check("the server's shutdown", err, k.allowed()...)
				_ = c.Close()
			}); err != nil {
				paid()
				k.check("the server's shutdown", err, k.allowed()...)
				_ = c.Close()
			}
			return
		}
		seen += len(p)
		if seen > k.after && (k.cut == serverCloses || k.cut == serverResets) {
			k.fault("cut by the server")
			end(c, k.cut == serverResets)
			return
		}
		if _, err := c.Write(p); !k.check("echo", err, k.allowed()...) {
			_ = c.Close()
			return
		}
		if c.Full() {
			_ = c.ReadStop()
			return
		}
		k.rest(l, c, read)
	}
	c.OnDrain(func() {
		if !c.Closing() && !c.Base().Reading() {
			k.check("read start", c.ReadStart(read), append(k.allowed(), uv.EALREADY)...)
		}
	})
	k.check("read start", c.ReadStart(read))
}

// ask sends the frames, and reads them.
func (k *talk) ask(l *uvgo.Loop, c handles.Stream) {
	got := 0
	var read func(p []byte, err error)
	read = func(p []byte, err error) {
		if err != nil {
			if err != io.EOF || !k.half {
				k.check("the client's read", err, k.allowed()...)
			}
			_ = c.Close()
			return
		}
		got += len(p)
		if err := k.got.feed(p); err != nil {
			k.lose("%v", err)
			_ = c.Close()
			return
		}
		if got > k.after && (k.cut == clientCloses || k.cut == clientResets) {
			k.fault("cut by the client")
			end(c, k.cut == clientResets)
			return
		}
		if got == k.total && !k.half {
			_ = c.Close()
			return
		}
		k.rest(l, c, read)
	}
	if !k.check("read start", c.ReadStart(read), k.allowed()...) {
		_ = c.Close()
		return
	}
	for _, f := range k.frames {
		paid := k.owe("a write callback")
		if err := c.WriteFunc(func(err error) {
			paid()
			k.check("write", err, k.allowed()...)
		}, f[:len(f)/2], f[len(f)/2:]); err != nil {
			paid()
			k.check("write", err, k.allowed()...)
			break
		}
	}
	if k.half && !c.Closing() {
		paid := k.owe("a shutdown callback")
		if err := c.Shutdown(func(err error) {
			paid()
			k.check("the client's shutdown", err, k.allowed()...)
		}); err != nil {
			paid()
			k.check("the client's shutdown", err, k.allowed()...)
		}
	}
}
