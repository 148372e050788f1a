package hostile

import (
	"context"
	"io"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
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
		ln, addr := kit.TCPListener(t, l, func(c *handles.TCP) { accept(c) })
		return ln, func(fn func(error)) handles.Stream {
			c := kit.NewTCP(t, l)
			uvtest.Check(t, c.Connect(addr, fn))
			return c
		}
	},
	"pipe": func(t *testing.T, l *uvgo.Loop, accept func(s handles.Stream)) (handles.Stream, func(fn func(error)) handles.Stream) {
		ln, path := uvtest.Must(l.NewPipe()), uvtest.SocketPath(t)
		uvtest.Check(t, ln.Bind(path))
		uvtest.Check(t, ln.Listen(128, func(c *handles.Pipe, err error) {
			if err != nil {
				t.Errorf("accept: %v", err)
				return
			}
			accept(c)
		}))
		return ln, func(fn func(error)) handles.Stream {
			c := uvtest.Must(l.NewPipe())
			uvtest.Check(t, c.Connect(path, fn))
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
	looptest.Until(c.t, c.l, func() bool { return connected && b != nil })
	uvtest.CloseAll(c.t, ln)
	body(a, b, watch(c.t, a), watch(c.t, b))
	uvtest.Check(c.t, c.l.Run(context.Background()))
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
			s := connect(func(err error) { m.request(); uvtest.Check(c.t, err); m.close() })
			m = watch(c.t, s)
		}
		looptest.Until(c.t, c.l, func() bool { return len(accepted) == 2 })
		uvtest.CloseAll(c.t, ln, accepted[0], accepted[1])
		uvtest.Check(c.t, c.l.Run(context.Background()))
	},
	"connect that is under way": func(c *closing) {
		ln, connect := c.listen(func(s handles.Stream) { s.Close() })
		var m *mortal
		s := connect(func(err error) { m.request(); uvtest.IsErr(c.t, "connect", err, uv.ECANCELED) })
		m = watch(c.t, s)
		m.close()
		uvtest.CloseAll(c.t, ln)
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
		uvtest.Check(c.t, c.l.Run(context.Background()))
	},
	"read": func(c *closing) {
		c.pair(func(a, b handles.Stream, ma, mb *mortal) {
			for range 3 {
				uvtest.Must(a.Write(make([]byte, 100_000))) // several chunks
			}
			uvtest.Check(c.t, b.ReadStart(mb.onRead(func(p []byte, err error) { uvtest.Check(c.t, err); mb.close() })))
			uvtest.Check(c.t, a.ReadStart(ma.onRead(func(p []byte, err error) { ma.close() })))
		})
	},
	"read by the peer": func(c *closing) {
		c.pair(func(a, b handles.Stream, ma, mb *mortal) {
			both := func(p []byte, err error) { ma.close(); mb.close() }
			uvtest.Check(c.t, a.ReadStart(ma.onRead(both)))
			uvtest.Check(c.t, b.ReadStart(mb.onRead(both)))
			uvtest.Must(a.Write([]byte("x")))
			uvtest.Must(b.Write([]byte("x")))
		})
	},
	"read of what was held": func(c *closing) {
		c.pair(func(a, b handles.Stream, ma, mb *mortal) {
			uvtest.Must(a.Write(make([]byte, 100)))
			uvtest.Check(c.t, a.Shutdown(func(error) { ma.request(); ma.close() }))
			uvtest.Check(c.t, b.ReadStart(func([]byte, error) { c.t.Error("a callback after ReadStop") }))
			uvtest.Check(c.t, c.l.Post(func() { // the data may be there, behind this
				uvtest.Check(c.t, b.ReadStop())
				uvtest.Check(c.t, b.ReadStart(mb.onRead(func(p []byte, err error) { mb.close() })))
			}))
		})
	},
	"EOF": func(c *closing) {
		c.pair(func(a, b handles.Stream, ma, mb *mortal) {
			ma.close()
			uvtest.Check(c.t, b.ReadStart(mb.onRead(func(p []byte, err error) {
				uvtest.IsErr(c.t, "read", err, io.EOF)
				mb.close()
			})))
		})
	},
	"write completion": func(c *closing) {
		c.pair(func(a, b handles.Stream, ma, mb *mortal) {
			done := uvtest.NewCounter(c.t, "write callback", 10)
			for i := range 10 {
				uvtest.Check(c.t, a.WriteFunc(func(err error) {
					ma.request()
					done.Inc()
					if i > 1 {
						uvtest.IsErr(c.t, "a later write", err, uv.ECANCELED)
					}
					ma.close()
				}, make([]byte, 4<<20*min(i, 1)+1))) // the second fills the kernel's buffers
			}
			seen := 0
			uvtest.Check(c.t, b.ReadStart(func(p []byte, err error) {
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
				uvtest.Must(a.Write(make([]byte, 8<<20)))
			}
			uvtest.Check(c.t, b.ReadStart(func(p []byte, err error) {
				if err != nil {
					mb.close()
				}
			}))
		})
	},
	"shutdown": func(c *closing) {
		c.pair(func(a, b handles.Stream, ma, mb *mortal) {
			uvtest.Check(c.t, a.Shutdown(func(err error) { ma.request(); uvtest.Check(c.t, err); ma.close() }))
			uvtest.Check(c.t, a.ReadStart(ma.onRead(func([]byte, error) { ma.close() })))
			uvtest.Check(c.t, b.ReadStart(mb.onRead(func([]byte, error) { mb.close() })))
		})
	},
	"shutdown behind writes": func(c *closing) {
		c.pair(func(a, b handles.Stream, ma, mb *mortal) {
			shut := uvtest.NewCounter(c.t, "shutdown callback", 1)
			uvtest.Check(c.t, a.WriteFunc(func(error) { ma.request() }, make([]byte, 16<<20)))
			uvtest.Check(c.t, a.Shutdown(func(err error) {
				ma.request()
				shut.Inc()
				uvtest.IsErr(c.t, "shutdown", err, uv.ECANCELED)
			}))
			uvtest.Check(c.t, b.ReadStart(mb.onRead(func([]byte, error) { ma.close(); mb.close() })))
		})
	},
	"close": func(c *closing) {
		c.pair(func(a, b handles.Stream, ma, mb *mortal) {
			uvtest.Must(b.Write([]byte("x")))
			mb.gone = ma.close
			uvtest.Check(c.t, a.ReadStart(func([]byte, error) { mb.close() }))
		})
	},
}

// TestHostileCloseInsideStream closes streams in their callbacks.
func TestHostileCloseInsideStream(t *testing.T) {
	for network, listen := range listenHostile {
		for name, body := range closings {
			t.Run(network+" "+name, kit.PerLoop(func(t *testing.T, l *uvgo.Loop) {
				body(&closing{t, l, func(accept func(handles.Stream)) (handles.Stream, func(func(error)) handles.Stream) {
					return listen(t, l, accept)
				}})
			}))
		}
	}
}
