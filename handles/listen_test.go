package handles_test

import (
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// TestListenAgainWhilePaused calls Listen again while libuv has a connection that C has
// not taken, and more wait in the kernel.
func TestListenAgainWhilePaused(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		const clients = 3
		s, addr := looptest.Listen(t, l, func(c *handles.TCP, err error) { t.Error("the first function is called") })
		uvtest.Check(t, s.PauseAccept())
		connected := 0
		for range clients {
			c := uvtest.Must(l.NewTCP())
			uvtest.Check(t, c.Connect(addr, func(err error) {
				uvtest.Check(t, err)
				connected++
				uvtest.CloseAll(t, c)
			}))
		}
		looptest.Until(t, l, func() bool { return connected == clients })
		looptest.Turn(t, l, 5)
		accepted := uvtest.NewCounter(t, "second function", clients)
		uvtest.Check(t, s.Listen(128, func(c *handles.TCP, err error) {
			uvtest.Check(t, err)
			accepted.Inc()
			uvtest.CloseAll(t, c)
			if accepted.N() == clients {
				uvtest.CloseAll(t, s)
			}
		}))
		looptest.Turn(t, l, 20)
		if n := accepted.N(); n != 0 {
			t.Errorf("%d were accepted while paused", n)
		}
		uvtest.Check(t, s.ResumeAccept())
		looptest.Run(t, l)
	})
}

// TestPauseAcceptManyTimes pauses and resumes in every order with the events that
// report a waiting connection.
func TestPauseAcceptManyTimes(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		const clients = 60
		accepted, connected := 0, 0
		var s *handles.TCP
		s, addr := looptest.Listen(t, l, func(c *handles.TCP, err error) {
			uvtest.Check(t, err)
			accepted++
			uvtest.CloseAll(t, c)
			switch accepted % 3 {
			case 0:
				uvtest.Check(t, s.PauseAccept())
				uvtest.Check(t, s.ResumeAccept())
			case 1:
				uvtest.Check(t, s.PauseAccept())
				uvtest.Check(t, l.Post(func() { uvtest.Check(t, s.ResumeAccept()) }))
			case 2:
				uvtest.Check(t, s.PauseAccept())
				uvtest.Check(t, s.PauseAccept())
				uvtest.Must(l.AfterFunc(0, func() {
					uvtest.Check(t, s.ResumeAccept())
					uvtest.Check(t, s.ResumeAccept())
				}))
			}
		})
		for range clients {
			c := uvtest.Must(l.NewTCP())
			uvtest.Check(t, c.Connect(addr, func(err error) {
				uvtest.Check(t, err)
				connected++
				uvtest.CloseAll(t, c)
			}))
		}
		looptest.Until(t, l, func() bool { return accepted == clients && connected == clients })
		looptest.Turn(t, l, 10)
		if accepted != clients {
			t.Errorf("%d connections were accepted, of %d", accepted, clients)
		}
		uvtest.CloseAll(t, s)
	})
}

// TestListenerClosesWithConnectionsUnderWay: connections that C has accepted and Go has
// not seen are closed with the listener, on both sides.
func TestListenerClosesWithConnectionsUnderWay(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		const clients = 5
		ended := uvtest.NewCounter(t, "end of a client", clients)
		accepted := 0
		var s *handles.TCP
		s, addr := looptest.Listen(t, l, func(c *handles.TCP, err error) {
			uvtest.Check(t, err)
			accepted++
			uvtest.CloseAll(t, c)
			if s.Close(); accepted != 1 {
				t.Error("accepted after Close")
			}
		})
		for range clients {
			c := uvtest.Must(l.NewTCP())
			uvtest.Check(t, c.Connect(addr, func(err error) {
				if err != nil { // the listener went away during the handshake
					ended.Inc()
					uvtest.CloseAll(t, c)
					return
				}
				uvtest.Check(t, c.ReadStart(func(p []byte, err error) {
					if err == nil {
						t.Errorf("read %q", p)
					}
					ended.Inc()
					uvtest.CloseAll(t, c)
				}))
			}))
		}
		looptest.Run(t, l)
	})
}

// TestCloseRightAfterResumeAccept: ResumeAccept makes C take the connection that libuv
// had, but the listener is closing by then. The connection is closed, and no callback
// gets it.
func TestCloseRightAfterResumeAccept(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		s, addr := looptest.Listen(t, l, func(c *handles.TCP, err error) { t.Errorf("accepted after Close: %v", err) })
		uvtest.Check(t, s.PauseAccept())
		connected := false
		ended := uvtest.NewCounter(t, "end of the client", 1)
		c := uvtest.Must(l.NewTCP())
		uvtest.Check(t, c.Connect(addr, func(err error) {
			uvtest.Check(t, err)
			connected = true
			uvtest.Check(t, c.ReadStart(func(p []byte, err error) {
				if err == nil {
					t.Errorf("read %q", p)
				}
				ended.Inc()
				uvtest.CloseAll(t, c)
			}))
		}))
		looptest.Until(t, l, func() bool { return connected })
		looptest.Turn(t, l, 5)
		uvtest.Check(t, s.ResumeAccept())
		uvtest.CloseAll(t, s)
		looptest.Run(t, l)
		for h := range l.Walk() {
			t.Errorf("a %s handle is left", h.Kind())
		}
	})
}

func TestPipeConnectMisuse(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		path := uvtest.SocketPath(t)
		accepted := uvtest.NewCounter(t, "accepted", 1)
		s := uvtest.Must(l.NewPipe())
		uvtest.Check(t, s.Bind(path))
		uvtest.Check(t, s.Listen(8, func(c *handles.Pipe, err error) {
			uvtest.Check(t, err)
			accepted.Inc()
			uvtest.CloseAll(t, c)
		}))
		never := func(error) { t.Error("the callback of a refused Connect runs") }
		uvtest.IsErr(t, "connect of a listener", s.Connect(path, never), uv.EINVAL)
		c := uvtest.Must(l.NewPipe())
		connected := uvtest.NewCounter(t, "connect callback", 1)
		again := uvtest.NewCounter(t, "connect callback of a connected pipe", 1)
		uvtest.Check(t, c.Connect(path, func(err error) {
			uvtest.Check(t, err)
			connected.Inc()
			err = c.Connect(path, func(err error) {
				again.Inc()
				uvtest.IsErr(t, "connect of a connected pipe", err, uv.EISCONN)
				uvtest.CloseAll(t, c)
			})
			uvtest.Check(t, err)
		}))
		uvtest.IsErr(t, "connect while connecting", c.Connect(path, never), uv.EALREADY)
		looptest.Until(t, l, func() bool { return accepted.N() == 1 && again.N() == 1 })
		uvtest.CloseAll(t, s)
		looptest.Run(t, l)
	})
}

// TestShutdownWhileConnecting: Shutdown waits for the connection, with and without a
// write before it.
func TestShutdownWhileConnecting(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		for _, text := range []string{"", "before"} {
			var got []byte
			s, addr := looptest.Listen(t, l, func(c *handles.TCP, err error) {
				uvtest.Check(t, err)
				uvtest.Check(t, c.ReadStart(func(p []byte, err error) {
					if got = append(got, p...); err != nil {
						uvtest.CloseAll(t, c)
					}
				}))
			})
			order := ""
			c := uvtest.Must(l.NewTCP())
			uvtest.Check(t, c.Connect(addr, func(err error) {
				uvtest.Check(t, err)
				order += "connect "
			}))
			if text != "" {
				uvtest.Must(c.Write([]byte(text)))
			}
			uvtest.Check(t, c.Shutdown(func(err error) {
				uvtest.Check(t, err)
				order += "shutdown"
				uvtest.CloseAll(t, c, s)
			}))
			looptest.Run(t, l)
			if order != "connect shutdown" || string(got) != text {
				t.Errorf("order %q, the peer got %q of %q", order, got, text)
			}
		}
	})
}
