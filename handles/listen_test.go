package handles_test

import (
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// TestListenAgainWhilePaused: libuv holds a connection that nobody has taken
// yet, more wait in the kernel, and Listen is called once more.
func TestListenAgainWhilePaused(t *testing.T) {
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		const clients = 3
		s, addr := listen(t, l, func(c *handles.TCP, err error) { t.Error("the first function is called") })
		check(t, s.PauseAccept())
		connected := 0
		for range clients {
			c := must(l.NewTCP())
			check(t, c.Connect(addr, func(err error) {
				check(t, err)
				connected++
				closeAll(t, c)
			}))
		}
		until(t, l, func() bool { return connected == clients })
		turn(t, l, 5)
		accepted := uvtest.NewCounter(t, "second function", clients)
		check(t, s.Listen(128, func(c *handles.TCP, err error) {
			check(t, err)
			accepted.Inc()
			closeAll(t, c)
			if accepted.N() == clients {
				closeAll(t, s)
			}
		}))
		turn(t, l, 20)
		if n := accepted.N(); n != 0 {
			t.Errorf("%d were accepted while paused", n)
		}
		check(t, s.ResumeAccept())
		looptest.Run(t, l)
	})
}

// TestPauseAcceptManyTimes pauses and resumes in every order with the reports
// that a connection waits.
func TestPauseAcceptManyTimes(t *testing.T) {
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		const clients = 60
		accepted, connected := 0, 0
		var s *handles.TCP
		s, addr := listen(t, l, func(c *handles.TCP, err error) {
			check(t, err)
			accepted++
			closeAll(t, c)
			switch accepted % 3 {
			case 0:
				check(t, s.PauseAccept())
				check(t, s.ResumeAccept())
			case 1:
				check(t, s.PauseAccept())
				check(t, l.Post(func() { check(t, s.ResumeAccept()) }))
			case 2:
				check(t, s.PauseAccept())
				check(t, s.PauseAccept())
				must(l.AfterFunc(0, func() {
					check(t, s.ResumeAccept())
					check(t, s.ResumeAccept())
				}))
			}
		})
		for range clients {
			c := must(l.NewTCP())
			check(t, c.Connect(addr, func(err error) {
				check(t, err)
				connected++
				closeAll(t, c)
			}))
		}
		until(t, l, func() bool { return accepted == clients && connected == clients })
		turn(t, l, 10)
		if accepted != clients {
			t.Errorf("%d connections were accepted, of %d", accepted, clients)
		}
		closeAll(t, s)
	})
}

// TestListenerClosesWithConnectionsUnderWay: what C accepted but Go has not
// seen is closed with the listener, on both sides.
func TestListenerClosesWithConnectionsUnderWay(t *testing.T) {
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		const clients = 5
		ended := uvtest.NewCounter(t, "end of a client", clients)
		accepted := 0
		var s *handles.TCP
		s, addr := listen(t, l, func(c *handles.TCP, err error) {
			check(t, err)
			accepted++
			closeAll(t, c)
			if s.Close(); accepted != 1 {
				t.Error("accepted after Close")
			}
		})
		for range clients {
			c := must(l.NewTCP())
			check(t, c.Connect(addr, func(err error) {
				if err != nil { // the listener went away during the handshake
					ended.Inc()
					closeAll(t, c)
					return
				}
				check(t, c.ReadStart(func(p []byte, err error) {
					if err == nil {
						t.Errorf("read %q", p)
					}
					ended.Inc()
					closeAll(t, c)
				}))
			}))
		}
		looptest.Run(t, l)
	})
}

// TestCloseRightAfterResumeAccept: the connection that libuv held is taken for
// ResumeAccept, but by then the listener is closing: nobody hears of it, and it
// is closed.
func TestCloseRightAfterResumeAccept(t *testing.T) {
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		s, addr := listen(t, l, func(c *handles.TCP, err error) { t.Errorf("accepted after Close: %v", err) })
		check(t, s.PauseAccept())
		connected := false
		ended := uvtest.NewCounter(t, "end of the client", 1)
		c := must(l.NewTCP())
		check(t, c.Connect(addr, func(err error) {
			check(t, err)
			connected = true
			check(t, c.ReadStart(func(p []byte, err error) {
				if err == nil {
					t.Errorf("read %q", p)
				}
				ended.Inc()
				closeAll(t, c)
			}))
		}))
		until(t, l, func() bool { return connected })
		turn(t, l, 5)
		check(t, s.ResumeAccept())
		closeAll(t, s)
		looptest.Run(t, l)
		for h := range l.Walk() {
			t.Errorf("a %s handle is left", h.Kind())
		}
	})
}

func TestPipeConnectMisuse(t *testing.T) {
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		path := uvtest.SocketPath(t)
		accepted := uvtest.NewCounter(t, "accepted", 1)
		s := must(l.NewPipe())
		check(t, s.Bind(path))
		check(t, s.Listen(8, func(c *handles.Pipe, err error) {
			check(t, err)
			accepted.Inc()
			closeAll(t, c)
		}))
		never := func(error) { t.Error("the callback of a refused Connect runs") }
		isErr(t, "connect of a listener", s.Connect(path, never), uv.EINVAL)
		c := must(l.NewPipe())
		connected := uvtest.NewCounter(t, "connect callback", 1)
		again := uvtest.NewCounter(t, "connect callback of a connected pipe", 1)
		check(t, c.Connect(path, func(err error) {
			check(t, err)
			connected.Inc()
			err = c.Connect(path, func(err error) {
				again.Inc()
				isErr(t, "connect of a connected pipe", err, uv.EISCONN)
				closeAll(t, c)
			})
			check(t, err)
		}))
		isErr(t, "connect while connecting", c.Connect(path, never), uv.EALREADY)
		until(t, l, func() bool { return accepted.N() == 1 && again.N() == 1 })
		closeAll(t, s)
		looptest.Run(t, l)
	})
}

// TestShutdownWhileConnecting: the end of the writing side waits for the
// connection, whether or not something is written before.
func TestShutdownWhileConnecting(t *testing.T) {
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		for _, text := range []string{"", "before"} {
			var got []byte
			s, addr := listen(t, l, func(c *handles.TCP, err error) {
				check(t, err)
				check(t, c.ReadStart(func(p []byte, err error) {
					if got = append(got, p...); err != nil {
						closeAll(t, c)
					}
				}))
			})
			order := ""
			c := must(l.NewTCP())
			check(t, c.Connect(addr, func(err error) {
				check(t, err)
				order += "connect "
			}))
			if text != "" {
				must(c.Write([]byte(text)))
			}
			check(t, c.Shutdown(func(err error) {
				check(t, err)
				order += "shutdown"
				closeAll(t, c, s)
			}))
			looptest.Run(t, l)
			if order != "connect shutdown" || string(got) != text {
				t.Errorf("order %q, the peer got %q of %q", order, got, text)
			}
		}
	})
}
