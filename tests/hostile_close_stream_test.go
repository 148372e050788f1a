package tests

import (
	"io"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// A closing is a test of streams that close in their callbacks: listen starts
// a listener, and the function that it returns starts connecting.
type closing struct {
	t      *testing.T
	l      *uvgo.Loop
	listen func(accept func(s handles.Stream)) (ln handles.Stream, connect func(fn func(error)) handles.Stream)
}

// listenHostile are the networks' ways of listening.
var listenHostile = map[string]func(t *testing.T, l *uvgo.Loop, accept func(s handles.Stream)) (handles.Stream, func(fn func(error)) handles.Stream){
	"tcp": func(t *testing.T, l *uvgo.Loop, accept func(s handles.Stream)) (handles.Stream, func(fn func(error)) handles.Stream) {
		ln, addr := tcpListener(t, l, func(c *handles.TCP) { accept(c) })
		return ln, func(fn func(error)) handles.Stream {
			c := newTCP(t, l)
			check(t, c.Connect(addr, fn))
			return c
		}
	},
	"pipe": func(t *testing.T, l *uvgo.Loop, accept func(s handles.Stream)) (handles.Stream, func(fn func(error)) handles.Stream) {
		ln, path := must(l.NewPipe()), uvtest.SocketPath(t)
		check(t, ln.Bind(path))
		check(t, ln.Listen(128, func(c *handles.Pipe, err error) {
			if err != nil {
				t.Errorf("accept: %v", err)
				return
			}
			accept(c)
		}))
		return ln, func(fn func(error)) handles.Stream {
			c := must(l.NewPipe())
			check(t, c.Connect(path, fn))
			return c
		}
	},
}

// pair connects two streams and runs the body once both are there.
func (c *closing) pair(body func(a, b handles.Stream, ma, mb *mortal)) {
	c.t.Helper()
	var a, b handles.Stream
	ln, connect := c.listen(func(s handles.Stream) { b = s })
	connected := false
	a = connect(func(err error) { connected = err == nil })
	turnUntil(c.t, c.l, func() bool { return connected && b != nil })
	closeAll(c.t, ln)
	body(a, b, watch(c.t, a), watch(c.t, b))
	check(c.t, c.l.Run(bg))
}

// onRead makes a mortal's reading callback; the end counts, too.
func (m *mortal) onRead(fn func(p []byte, err error)) func(p []byte, err error) {
	return func(p []byte, err error) {
		m.event()
		fn(p, err)
	}
}

// closings are the callbacks in which streams close.
var closings = map[string]func(c *closing){
	"connect": func(c *closing) {
		var accepted []handles.Stream
		ln, connect := c.listen(func(s handles.Stream) { accepted = append(accepted, s) })
		for range 2 {
			var m *mortal
			s := connect(func(err error) { m.request(); check(c.t, err); m.close() })
			m = watch(c.t, s)
		}
		turnUntil(c.t, c.l, func() bool { return len(accepted) == 2 })
		closeAll(c.t, ln, accepted[0], accepted[1])
		check(c.t, c.l.Run(bg))
	},
	"connect that is under way": func(c *closing) {
		ln, connect := c.listen(func(s handles.Stream) { s.Close() })
		var m *mortal
		s := connect(func(err error) { m.request(); isErr(c.t, "connect", err, uv.ECANCELED) })
		m = watch(c.t, s)
		m.close()
		closeAll(c.t, ln)
		ends(c.t, c.l, 1, m)
	},
	"accept": func(c *closing) {
		var ml *mortal
		n := 0
		ln, connect := c.listen(func(s handles.Stream) {
			if n++; n == 1 {
				ml.event()
			}
			ml.close()
			watch(c.t, s).close()
		})
		ml = watch(c.t, ln)
		for range 3 { // more are in the batch, or in the backlog
			var m *mortal
			s := connect(func(err error) { m.request(); m.close() })
			m = watch(c.t, s)
		}
		check(c.t, c.l.Run(bg))
	},
	"read": func(c *closing) {
		c.pair(func(a, b handles.Stream, ma, mb *mortal) {
			for range 3 {
				must(a.Write(make([]byte, 100_000))) // several chunks
			}
			check(c.t, b.ReadStart(mb.onRead(func(p []byte, err error) { check(c.t, err); mb.close() })))
			check(c.t, a.ReadStart(ma.onRead(func(p []byte, err error) { ma.close() })))
		})
	},
	"read by the peer": func(c *closing) {
		c.pair(func(a, b handles.Stream, ma, mb *mortal) {
			both := func(p []byte, err error) { ma.close(); mb.close() }
			check(c.t, a.ReadStart(ma.onRead(both)))
			check(c.t, b.ReadStart(mb.onRead(both)))
			must(a.Write([]byte("x")))
			must(b.Write([]byte("x")))
		})
	},
	"read of what was held": func(c *closing) {
		c.pair(func(a, b handles.Stream, ma, mb *mortal) {
			must(a.Write(make([]byte, 100)))
			check(c.t, a.Shutdown(func(error) { ma.request(); ma.close() }))
			check(c.t, b.ReadStart(func([]byte, error) { c.t.Error("a callback after ReadStop") }))
			check(c.t, c.l.Post(func() { // the data may be there, behind this
				check(c.t, b.ReadStop())
				check(c.t, b.ReadStart(mb.onRead(func(p []byte, err error) { mb.close() })))
			}))
		})
	},
	"EOF": func(c *closing) {
		c.pair(func(a, b handles.Stream, ma, mb *mortal) {
			ma.close()
			check(c.t, b.ReadStart(mb.onRead(func(p []byte, err error) {
				isErr(c.t, "read", err, io.EOF)
				mb.close()
			})))
		})
	},
	"write completion": func(c *closing) {
		c.pair(func(a, b handles.Stream, ma, mb *mortal) {
			done := uvtest.NewCounter(c.t, "write callback", 10)
			for i := range 10 {
				check(c.t, a.WriteFunc(func(err error) {
					ma.request()
					done.Inc()
					if i > 1 {
						isErr(c.t, "a later write", err, uv.ECANCELED)
					}
					ma.close()
				}, make([]byte, 4<<20*min(i, 1)+1))) // the second fills the kernel's buffers
			}
			seen := 0
			check(c.t, b.ReadStart(func(p []byte, err error) {
				if seen += len(p); err != nil {
					mb.close()
				}
			}))
		})
	},
	"OnWritten": func(c *closing) {
		c.pair(func(a, b handles.Stream, ma, mb *mortal) {
			a.OnWritten(func(int, error) { ma.die() })
			for range 3 {
				must(a.Write(make([]byte, 8<<20)))
			}
			check(c.t, b.ReadStart(func(p []byte, err error) {
				if err != nil {
					mb.close()
				}
			}))
		})
	},
	"shutdown": func(c *closing) {
		c.pair(func(a, b handles.Stream, ma, mb *mortal) {
			check(c.t, a.Shutdown(func(err error) { ma.request(); check(c.t, err); ma.close() }))
			check(c.t, a.ReadStart(ma.onRead(func([]byte, error) { ma.close() })))
			check(c.t, b.ReadStart(mb.onRead(func([]byte, error) { mb.close() })))
		})
	},
	"shutdown behind writes": func(c *closing) {
		c.pair(func(a, b handles.Stream, ma, mb *mortal) {
			shut := uvtest.NewCounter(c.t, "shutdown callback", 1)
			check(c.t, a.WriteFunc(func(error) { ma.request() }, make([]byte, 16<<20)))
			check(c.t, a.Shutdown(func(err error) {
				ma.request()
				shut.Inc()
				isErr(c.t, "shutdown", err, uv.ECANCELED)
			}))
			check(c.t, b.ReadStart(mb.onRead(func([]byte, error) { ma.close(); mb.close() })))
		})
	},
	"close": func(c *closing) {
		c.pair(func(a, b handles.Stream, ma, mb *mortal) {
			must(b.Write([]byte("x")))
			mb.gone = ma.close
			check(c.t, a.ReadStart(func([]byte, error) { mb.close() }))
		})
	},
}

// TestHostileCloseInsideStream closes streams in their callbacks.
func TestHostileCloseInsideStream(t *testing.T) {
	for network, listen := range listenHostile {
		for name, body := range closings {
			t.Run(network+" "+name, onEachLoop(func(t *testing.T, l *uvgo.Loop) {
				body(&closing{t, l, func(accept func(handles.Stream)) (handles.Stream, func(func(error)) handles.Stream) {
					return listen(t, l, accept)
				}})
			}))
		}
	}
}
