package uvloop

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
)

func init() {
	suite.Add(kit.Suite{"released_after_run": kit.PerLoop(testReleasedAfterRun)})
}

// A ballast is what callbacks capture.
type ballast struct{ b [4 << 10]byte }

// collected runs the collector until the ballast is gone, rounds times at most.
func collected(gone <-chan struct{}, rounds int) bool {
	for range rounds {
		runtime.GC()
		select {
		case <-gone:
			return true
		case <-time.After(5 * time.Millisecond): // cleanups run beside us
		}
	}
	return false
}

// starters begin something with a callback, which captures what keeps holds.
// They return what the user still has in hand when it has run.
var starters = []struct {
	name  string
	start func(t *testing.T, l *uvgo.Loop, keep *ballast) any
}{
	{"Post", func(t *testing.T, l *uvgo.Loop, keep *ballast) any {
		uvtest.Check(t, l.Post(func() { keep.b[0]++ }))
		return nil
	}},
	{"PostContext", func(t *testing.T, l *uvgo.Loop, keep *ballast) any {
		uvtest.Check(t, l.PostContext(t.Context(), func() { keep.b[0]++ }))
		return nil
	}},
	{"AfterFunc", func(t *testing.T, l *uvgo.Loop, keep *ballast) any {
		return uvtest.Must(l.AfterFunc(0, func() { keep.b[0]++ }))
	}},
	{"OnClose", func(t *testing.T, l *uvgo.Loop, keep *ballast) any {
		h := uvtest.Must(l.NewTimer())
		h.OnClose(func() { keep.b[0]++ })
		h.Close()
		return h
	}},
	{"closed Timer", func(t *testing.T, l *uvgo.Loop, keep *ballast) any {
		h := uvtest.Must(l.NewTimer())
		uvtest.Check(t, h.Start(0, time.Millisecond, func() {
			keep.b[0]++
			h.Close()
		}))
		return h
	}},
	{"closed Idle", func(t *testing.T, l *uvgo.Loop, keep *ballast) any {
		h := uvtest.Must(l.NewIdle())
		uvtest.Check(t, h.Start(func() {
			keep.b[0]++
			h.Close()
		}))
		return h
	}},
	{"closed Prepare", func(t *testing.T, l *uvgo.Loop, keep *ballast) any {
		h := uvtest.Must(l.NewPrepare())
		uvtest.Check(t, h.Start(func() {
			keep.b[0]++
			h.Close()
		}))
		return h
	}},
	{"closed Check", func(t *testing.T, l *uvgo.Loop, keep *ballast) any {
		h := uvtest.Must(l.NewCheck())
		uvtest.Check(t, h.Start(func() {
			keep.b[0]++
			h.Close()
		}))
		uvtest.Must(l.AfterFunc(0, func() {})) // ends the wait
		return h
	}},
	{"closed Signal", func(t *testing.T, l *uvgo.Loop, keep *ballast) any {
		h := uvtest.Must(l.NewSignal())
		uvtest.Check(t, h.StartOneshot(kit.SigUsed, func(os.Signal) {
			keep.b[0]++
			h.Close()
		}))
		kit.Raise(kit.SigUsed)
		return h
	}},
	{"closed Async", func(t *testing.T, l *uvgo.Loop, keep *ballast) any {
		h := uvtest.Must(l.NewAsync(func() { keep.b[0]++ }))
		uvtest.Check(t, h.Send())
		uvtest.Check(t, l.Post(func() { h.Close() }))
		return h
	}},
}

func testReleasedAfterRun(t *testing.T, l *uvgo.Loop) {
	for _, s := range starters {
		gone, h := startWithBallast(t, l, s.start)
		if collected(gone, 2) {
			t.Errorf("%s: the callback was collected before it ran", s.name)
		}
		looptest.Run(t, l)
		if !collected(gone, 200) {
			t.Errorf("%s: the callback is alive after it ran", s.name)
		}
		runtime.KeepAlive(h)
	}
	testStreamReleases(t, l)
	testHandlesReleased(t, l)
}

// startWithBallast keeps the ballast off the test's own stack.
//
//go:noinline
func startWithBallast(t *testing.T, l *uvgo.Loop, start func(*testing.T, *uvgo.Loop, *ballast) any) (gone <-chan struct{}, h any) {
	keep := new(ballast)
	return watched(keep), start(t, l, keep)
}

// testStreamReleases looks at the callbacks and buffers of a stream that stays
// open.
func testStreamReleases(t *testing.T, l *uvgo.Loop) {
	conn := uvtest.Must(l.NewTCP())
	steps := []struct {
		name  string
		start func(t *testing.T, l *uvgo.Loop, keep *ballast) any
	}{
		{"Connect", func(t *testing.T, l *uvgo.Loop, keep *ballast) any {
			ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
			t.Cleanup(func() { ln.Close() })
			go func() {
				if c, err := ln.Accept(); err == nil {
					_, _ = io.Copy(c, c) // until our Shutdown
					c.Close()
				}
			}()
			uvtest.Check(t, conn.Connect(ln.Addr().(*net.TCPAddr).AddrPort(), func(err error) {
				uvtest.Check(t, err)
				keep.b[0]++
			}))
			return nil
		}},
		{"WriteFunc of a small buffer", func(t *testing.T, l *uvgo.Loop, keep *ballast) any {
			uvtest.Check(t, conn.WriteFunc(func(err error) { uvtest.Check(t, err) }, keep.b[:10]))
			return nil
		}},
		{"WriteFunc of a lent buffer", func(t *testing.T, l *uvgo.Loop, keep *ballast) any {
			uvtest.Check(t, conn.WriteFunc(func(err error) { uvtest.Check(t, err) }, keep.b[:], make([]byte, 100<<10)))
			return nil
		}},
		{"WriteFunc's callback", func(t *testing.T, l *uvgo.Loop, keep *ballast) any {
			uvtest.Check(t, conn.WriteFunc(func(err error) { keep.b[0]++ }, []byte("x")))
			return nil
		}},
		{"Shutdown", func(t *testing.T, l *uvgo.Loop, keep *ballast) any {
			uvtest.Check(t, conn.Shutdown(func(err error) {
				uvtest.Check(t, err)
				keep.b[0]++
			}))
			return nil
		}},
		{"ReadStart until the end", func(t *testing.T, l *uvgo.Loop, keep *ballast) any {
			uvtest.Check(t, conn.ReadStart(func(p []byte, err error) {
				if !errors.Is(err, io.EOF) {
					uvtest.Check(t, err)
				}
				keep.b[0]++
			}))
			return nil
		}},
	}
	for _, s := range steps {
		gone, _ := startWithBallast(t, l, s.start)
		looptest.Run(t, l)
		if !collected(gone, 200) {
			t.Errorf("%s: what it captured is alive after it", s.name)
		}
	}
	conn.Close()
	looptest.Run(t, l)
}

// testHandlesReleased expects that the loop forgets closed handles themselves.
func testHandlesReleased(t *testing.T, l *uvgo.Loop) {
	none := func() {}
	for name, open := range map[string]func() <-chan struct{}{
		"Timer": func() <-chan struct{} {
			h := uvtest.Must(l.NewTimer())
			uvtest.Check(t, h.Start(time.Hour, 0, none))
			return closed(h, h)
		},
		"AfterFunc": func() <-chan struct{} { return watched(uvtest.Must(l.AfterFunc(0, none))) },
		"Idle": func() <-chan struct{} {
			h := uvtest.Must(l.NewIdle())
			uvtest.Check(t, h.Start(none))
			looptest.TurnOnce(t, l)
			return closed(h, h)
		},
		"Prepare": func() <-chan struct{} {
			h := uvtest.Must(l.NewPrepare())
			uvtest.Check(t, h.Start(none))
			looptest.TurnNoWait(t, l)
			return closed(h, h)
		},
		"Check": func() <-chan struct{} {
			h := uvtest.Must(l.NewCheck())
			uvtest.Check(t, h.Start(none))
			looptest.TurnNoWait(t, l)
			return closed(h, h)
		},
		"Async": func() <-chan struct{} {
			h := uvtest.Must(l.NewAsync(none))
			uvtest.Check(t, h.Send())
			return closed(h, h)
		},
		"Signal": func() <-chan struct{} {
			h := uvtest.Must(l.NewSignal())
			uvtest.Check(t, h.Start(kit.SigUsed, kit.IgnoreSignal(none)))
			return closed(h, h)
		},
		"TCP": func() <-chan struct{} {
			h := uvtest.Must(l.NewTCP())
			uvtest.Check(t, h.Listen(1, func(*handles.TCP, error) {}))
			return closed(h, h)
		},
	} {
		gone := open()
		looptest.Run(t, l)
		if !collected(gone, 200) {
			t.Errorf("%s: the loop keeps the closed handle", name)
		}
	}
}

// closed closes the handle and watches it.
func closed[T any](h *T, c io.Closer) <-chan struct{} {
	c.Close()
	return watched(h)
}

// watched returns a channel that is closed when the object is collected.
func watched[T any](h *T) <-chan struct{} {
	gone := make(chan struct{})
	runtime.AddCleanup(h, func(c chan struct{}) { close(c) }, gone)
	return gone
}
