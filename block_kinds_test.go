package uvgo_test

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// kinds begin something on a loop that calls fn in a callback of each kind, and ends by
// itself then. fn does something at its first call only.
var kinds = map[string]func(t *testing.T, l *uvgo.Loop, fn func()){
	"posted":   func(t *testing.T, l *uvgo.Loop, fn func()) { uvtest.Check(t, l.Post(fn)) },
	"deferred": func(t *testing.T, l *uvgo.Loop, fn func()) { l.Defer(deferred(fn)) },
	"timer":    soonFunc,
	"close": func(t *testing.T, l *uvgo.Loop, fn func()) {
		timer := uvtest.Must(l.NewTimer())
		timer.OnClose(fn)
		timer.Close()
	},
	"idle": func(t *testing.T, l *uvgo.Loop, fn func()) {
		h := uvtest.Must(l.NewIdle())
		uvtest.Check(t, h.Start(func() { fn(); h.Close() }))
	},
	"prepare": func(t *testing.T, l *uvgo.Loop, fn func()) {
		h := uvtest.Must(l.NewPrepare())
		uvtest.Check(t, h.Start(func() { fn(); h.Close() }))
		soon(t, l, func() {}) // a prepare handle alone lets the loop wait
	},
	"check": func(t *testing.T, l *uvgo.Loop, fn func()) {
		h := uvtest.Must(l.NewCheck())
		uvtest.Check(t, h.Start(func() { fn(); h.Close() }))
		soon(t, l, func() {})
	},
	"async": func(t *testing.T, l *uvgo.Loop, fn func()) {
		var h *handles.Async
		h = uvtest.Must(l.NewAsync(func() { fn(); h.Close() }))
		uvtest.Check(t, h.Send())
	},
	"signal": func(t *testing.T, l *uvgo.Loop, fn func()) {
		h := uvtest.Must(l.NewSignal())
		uvtest.Check(t, h.Start(syscall.SIGUSR1, func(os.Signal) { fn(); h.Close() }))
		soon(t, l, func() { uvtest.Expect(t, syscall.Kill(os.Getpid(), syscall.SIGUSR1)) })
	},
	"child exit": func(t *testing.T, l *uvgo.Loop, fn func()) {
		var p *handles.Process
		p = uvtest.Must(l.Spawn(handles.ProcessOptions{File: "true"}, func(int, syscall.Signal) { fn(); p.Close() }))
	},
	"accept": func(t *testing.T, l *uvgo.Loop, fn func()) {
		var ln *handles.TCP
		ln, addr := looptest.Listen(t, l, func(c *handles.TCP, err error) {
			uvtest.Expect(t, err)
			fn()
			uvtest.CloseAll(t, c, ln)
		})
		dial(t, l, addr, func(c *handles.TCP) { c.Close() })
	},
	"connect": func(t *testing.T, l *uvgo.Loop, fn func()) {
		var ln *handles.TCP
		ln, addr := looptest.Listen(t, l, func(c *handles.TCP, _ error) { uvtest.CloseAll(t, c, ln) })
		dial(t, l, addr, func(c *handles.TCP) { fn(); c.Close() })
	},
	"read": func(t *testing.T, l *uvgo.Loop, fn func()) {
		pair(t, l, func(c, s *handles.TCP) {
			uvtest.Check(t, s.ReadStart(func(p []byte, err error) {
				uvtest.Expect(t, err)
				fn()
				if string(p) != "read" {
					t.Errorf("the bytes have become %q", p)
				}
				uvtest.CloseAll(t, c, s)
			}))
			uvtest.Must(c.Write([]byte("read")))
		})
	},
	"end of reading": func(t *testing.T, l *uvgo.Loop, fn func()) {
		pair(t, l, func(c, s *handles.TCP) {
			uvtest.Check(t, s.ReadStart(func([]byte, error) { fn(); s.Close() }))
			c.Close()
		})
	},
	"kept read": func(t *testing.T, l *uvgo.Loop, fn func()) {
		pair(t, l, func(c, s *handles.TCP) {
			first := true
			var read func(p []byte, err error)
			read = func([]byte, error) {
				if first { // what C has read meanwhile is kept
					first = false
					uvtest.Must(c.Write(make([]byte, 200<<10)))
					uvtest.Expect(t, s.ReadStop())
					soon(t, l, func() { uvtest.Expect(t, s.ReadStart(read)) })
					return
				}
				fn()
				uvtest.CloseAll(t, c, s)
			}
			uvtest.Check(t, s.ReadStart(read))
			uvtest.Must(c.Write(make([]byte, 200<<10)))
		})
	},
	"write completion": func(t *testing.T, l *uvgo.Loop, fn func()) {
		pair(t, l, func(c, s *handles.TCP) {
			uvtest.Check(t, c.WriteFunc(func(err error) {
				uvtest.Expect(t, err)
				fn()
				uvtest.CloseAll(t, c, s)
			}, []byte("x")))
		})
	},
	"shutdown": func(t *testing.T, l *uvgo.Loop, fn func()) {
		pair(t, l, func(c, s *handles.TCP) {
			uvtest.Check(t, c.Shutdown(func(error) { fn(); uvtest.CloseAll(t, c, s) }))
		})
	},
	"datagram": func(t *testing.T, l *uvgo.Loop, fn func()) {
		u := uvtest.Must(l.NewUDP())
		uvtest.Check(t, u.Bind(looptest.Loopback))
		uvtest.Check(t, u.RecvStart(func(d handles.Datagram, err error) {
			uvtest.Expect(t, err)
			fn()
			if string(d.Data) != "datagram" {
				t.Errorf("the bytes have become %q", d.Data)
			}
			u.Close()
		}))
		uvtest.Check(t, u.Send([]byte("datagram"), uvtest.Must(u.LocalAddr())))
	},
	"datagram sent": func(t *testing.T, l *uvgo.Loop, fn func()) {
		u := uvtest.Must(l.NewUDP())
		uvtest.Check(t, u.Bind(looptest.Loopback))
		uvtest.Check(t, u.SendFunc(func(err error) { uvtest.Expect(t, err); fn(); u.Close() }, uvtest.Must(u.LocalAddr()), []byte("x")))
	},
	"poll": func(t *testing.T, l *uvgo.Loop, fn func()) {
		r, w, err := os.Pipe()
		uvtest.Check(t, err)
		p := uvtest.Must(l.NewPoll(r.Fd()))
		uvtest.Check(t, p.Start(handles.Readable, func(handles.PollEvent, error) { fn(); uvtest.CloseAll(t, p, r, w) }))
		uvtest.Must(w.Write([]byte("x")))
	},
	"file event": func(t *testing.T, l *uvgo.Loop, fn func()) {
		path := filepath.Join(t.TempDir(), "file")
		uvtest.Check(t, os.WriteFile(path, nil, 0o600))
		h := uvtest.Must(l.NewFSEvent())
		uvtest.Check(t, h.Start(path, 0, func(string, handles.FSEventKind, error) { fn(); h.Close() }))
		uvtest.Check(t, os.WriteFile(path, []byte("x"), 0o600))
	},
	"file request": func(t *testing.T, l *uvgo.Loop, fn func()) {
		uvtest.Must(requests.FSStat(l, "/", func(_ uv.Stat, err error) { uvtest.Expect(t, err); fn() }))
	},
	"work": func(t *testing.T, l *uvgo.Loop, fn func()) {
		uvtest.Must(requests.StartWork(l, func() error { return nil }, func(error) { fn() }))
	},
}

type deferred func()

func (d deferred) Deliver() { d() }

func soonFunc(t *testing.T, l *uvgo.Loop, fn func()) { soon(t, l, fn) }

// pair calls fn with both ends of a new connection.
func pair(t *testing.T, l *uvgo.Loop, fn func(c, s *handles.TCP)) {
	var ln, near, far *handles.TCP
	both := func() {
		if near != nil && far != nil {
			ln.Close()
			fn(near, far)
		}
	}
	ln, addr := looptest.Listen(t, l, func(c *handles.TCP, err error) {
		uvtest.Expect(t, err)
		far = c
		both()
	})
	dial(t, l, addr, func(c *handles.TCP) {
		near = c
		both()
	})
}

// dial connects a new handle, and calls fn with it.
func dial(t *testing.T, l *uvgo.Loop, addr netip.AddrPort, fn func(c *handles.TCP)) {
	c := uvtest.Must(l.NewTCP())
	uvtest.Check(t, c.Connect(addr, func(err error) { uvtest.Expect(t, err); fn(c) }))
}

// TestBlockInEachCallback: a callback of each kind waits for an event of each kind.
func TestBlockInEachCallback(t *testing.T) {
	for name, begin := range kinds {
		t.Run(name, func(t *testing.T) {
			looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
				for other, beginOther := range kinds {
					if name == "signal" && other == "signal" {
						continue // the second signal may come before the second watch
					}
					returned := 0
					begin(t, l, func() {
						if returned++; returned > 1 {
							return // idle callbacks go on until they are closed
						}
						happened := make(chan struct{})
						beginOther(t, l, sync1(func() { close(happened) }))
						block(t, l, func() { <-happened })
						if !l.Owned() {
							t.Error("the callback does not have the loop again")
						}
					})
					looptest.Run(t, l)
					if returned != 1 {
						t.Errorf("waiting for %s: the callback ran %d times", other, returned)
					}
				}
			})
		})
	}
}

// sync1 makes fn run once.
func sync1(fn func()) func() {
	ran := false
	return func() {
		if !ran {
			ran = true
			fn()
		}
	}
}

// TestBlockKeepsOrder: connections whose callbacks block again and again get all bytes in
// their order. What a callback was lent stays as it was.
func TestBlockKeepsOrder(t *testing.T) {
	for _, arena := range []int{128 << 10, 16 << 20} {
		looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
			const conns, size = 20, 1 << 20
			for i := range conns {
				c, s := looptest.Pair(t, l)
				rng := rand.New(rand.NewPCG(uint64(i), 1))
				sent, got, inside := pattern(size, i), 0, false
				uvtest.Check(t, s.ReadStart(func(p []byte, err error) {
					if inside {
						t.Error("two callbacks of one stream at once")
					}
					if err != nil {
						if got != size {
							t.Errorf("the end came after %d bytes: %v", got, err)
						}
						s.Close()
						return
					}
					if rng.IntN(4) == 0 {
						inside = true
						before, pause := bytes.Clone(p), time.Duration(rng.IntN(300))*time.Microsecond
						block(t, l, func() { time.Sleep(pause) })
						if !bytes.Equal(before, p) {
							t.Error("what was lent to the callback has changed")
						}
						inside = false
					}
					if !bytes.Equal(p, sent[got:got+len(p)]) {
						t.Errorf("wrong bytes at %d", got)
					}
					got += len(p)
				}))
				var write func()
				off := 0
				write = func() {
					if off == size {
						c.Close()
						return
					}
					n := min(1+rng.IntN(100<<10), size-off)
					off += n
					uvtest.Expect(t, c.WriteFunc(func(err error) { uvtest.Expect(t, err); write() }, sent[off-n:off]))
				}
				write()
			}
			looptest.Run(t, l)
		}, uvgo.WithArenas(arena, 64<<10))
	}
}

// pattern returns n bytes that tell where they are.
func pattern(n, seed int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i*7 + i>>8 + seed)
	}
	return p
}

// TestBlockHoldsBack: while a callback blocks, its handle brings no more events, and costs no
// turns.
func TestBlockHoldsBack(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		r, w, err := os.Pipe()
		uvtest.Check(t, err)
		poll := uvtest.Must(l.NewPoll(r.Fd()))
		timer, check := uvtest.Must(l.NewTimer()), uvtest.Must(l.NewCheck())
		var trace []string
		note := func(name string, h uv.Handle) {
			calls := 0
			for _, n := range trace {
				if n == name {
					calls++
				}
			}
			if trace = append(trace, name); calls == 0 {
				block(t, l, func() { time.Sleep(30 * time.Millisecond) })
			} else {
				h.Close()
			}
		}
		uvtest.Check(t, poll.Start(handles.Readable, func(handles.PollEvent, error) { note("poll", poll) }))
		uvtest.Check(t, timer.Start(time.Millisecond, time.Millisecond, func() { note("timer", timer) }))
		uvtest.Check(t, check.Start(func() { note("check", check) }))
		uvtest.Must(w.Write([]byte("x")))
		began := time.Now()
		looptest.Run(t, l)
		uvtest.CloseAll(t, r, w)
		slices.Sort(trace)
		if want := []string{"check", "check", "poll", "poll", "timer", "timer"}; !slices.Equal(trace, want) {
			t.Errorf("callbacks %v, want %v", trace, want)
		}
		// The timer is due each millisecond. A loop that does not hold back spins.
		if turns, most := l.Stats().Turns, 50+2*uint64(time.Since(began).Milliseconds()); turns > most {
			t.Errorf("%d turns, want %d at most", turns, most)
		}
	})
}

// TestBlockedHandleIsClosed: a handle is closed while its callback blocks.
func TestBlockedHandleIsClosed(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		c, s := looptest.Pair(t, l)
		var trace []string
		s.OnClose(func() { trace = append(trace, "closed") })
		uvtest.Check(t, s.ReadStart(func(p []byte, _ error) {
			trace = append(trace, "read")
			closes := make(chan struct{})
			soon(t, l, func() { s.Close(); close(closes) })
			block(t, l, func() { <-closes })
			_, err := s.Write(p)
			uvtest.IsErr(t, "write", err, uv.ErrClosed)
			trace = append(trace, "returns")
		}))
		uvtest.Must(c.Write([]byte("x")))
		soon(t, l, func() { uvtest.Must(c.Write([]byte("y"))) })
		timer := uvtest.Must(l.NewTimer())
		uvtest.Check(t, timer.Start(20*time.Millisecond, 0, func() { uvtest.CloseAll(t, c, timer) }))
		looptest.Run(t, l)
		if want := "read returns closed"; join(trace) != want {
			t.Errorf("the order is %q, want %q", join(trace), want)
		}
	})
}
