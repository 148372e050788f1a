package hostile

import (
	"context"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/tests/internal/kit"
)

// A volley is megabytes of writes to one connection, with what became of each.
type volley struct {
	ends   []error // in the order of the writes
	done   []int   // how often each has completed
	closed int
}

const volleySize = 8 << 20

// fire queues the writes; first runs when one of them has failed, once.
func (v *volley) fire(t testing.TB, write func(fn func(error), bufs ...[]byte) error, failed func()) {
	block := make([]byte, 64<<10)
	n := volleySize / len(block)
	v.ends, v.done = make([]error, n), make([]int, n)
	for i := range n {
		err := write(func(err error) {
			if v.closed != 0 {
				t.Error("a write completes after the close callback")
			}
			if i > 0 && v.done[i-1] != 1 {
				t.Errorf("write %d completes before write %d", i, i-1)
			}
			v.done[i]++
			v.ends[i] = err
			if err != nil && (i == 0 || v.ends[i-1] == nil) {
				failed()
			}
		}, block)
		if err != nil {
			t.Errorf("write %d: %v", i, err)
		}
	}
}

// verify wants one completion of each write and one of the closing; all of the
// writes succeeded if the peer was decent, otherwise the last ones failed.
func (v *volley) verify(t testing.TB, decent bool) {
	t.Helper()
	if v.closed != 1 {
		t.Errorf("%d close callbacks, want 1", v.closed)
	}
	failed := false
	for i, err := range v.ends {
		if v.done[i] != 1 {
			t.Errorf("write %d completed %d times", i, v.done[i])
		}
		if failed && err == nil {
			t.Errorf("write %d succeeded after one that failed", i)
		}
		failed = failed || err != nil
	}
	if failed == decent {
		t.Errorf("the last write: %v, of a peer that is decent: %v", v.ends[len(v.ends)-1], decent)
	}
}

// takeVolley is the peer: it takes all, or resets after some.
func takeVolley(t testing.TB, c net.Conn, decent bool) {
	take := 100 << 10
	if decent {
		take = volleySize
	} else if c, ok := c.(interface{ SetReadBuffer(bytes int) error }); ok {
		_ = c.SetReadBuffer(64 << 10) // some kernels would find room for the whole volley
	}
	if _, err := io.CopyN(io.Discard, c, int64(take)); err != nil {
		t.Errorf("reading: %v", err)
	}
	kit.Reset(c)
}

// TestHostileResetHandles has peers reset connections on which megabytes of
// writes are queued, beside others that take theirs.
func TestHostileResetHandles(t *testing.T) {
	const conns = 12
	for _, network := range []string{"tcp", "unix"} {
		onEachLoop := kit.PerLoop(func(t *testing.T, l *uvgo.Loop) {
			addr := "127.0.0.1:0"
			if network == "unix" {
				addr = uvtest.SocketPath(t)
			}
			ln := uvtest.Must(net.Listen(network, addr))
			var peers sync.WaitGroup
			peers.Go(func() {
				for range conns {
					c := uvtest.Must(ln.Accept())
					peers.Go(func() {
						kind := []byte{0}
						if _, err := io.ReadFull(c, kind); err != nil {
							t.Errorf("reading: %v", err)
						}
						takeVolley(t, c, kind[0] == 1)
					})
				}
			})
			volleys := make([]volley, conns)
			for i := range volleys {
				v := &volleys[i]
				var s handles.Stream
				start := func(err error) {
					if err != nil {
						t.Errorf("connect: %v", err)
					}
					s.OnClose(func() { v.closed++ })
					_ = uvtest.Must(s.Write([]byte{byte(i % 2)}))
					v.fire(t, s.WriteFunc, func() { s.Close() })
					if i%2 == 1 {
						uvtest.Check(t, s.Shutdown(func(error) { s.Close() }))
					}
				}
				if network == "unix" {
					p := uvtest.Must(l.NewPipe())
					s = p
					uvtest.Check(t, p.Connect(addr, start))
				} else {
					c := uvtest.Must(l.NewTCP())
					s = c
					uvtest.Check(t, c.Connect(ln.Addr().(*net.TCPAddr).AddrPort(), start))
				}
			}
			uvtest.Check(t, l.Run(context.Background()))
			peers.Wait()
			ln.Close()
			for i := range volleys {
				volleys[i].verify(t, i%2 == 1)
			}
		})
		t.Run(network, onEachLoop)
	}
}

// TestHostileResetServer is the same with a server's connections.
func TestHostileResetServer(t *testing.T) {
	for park, way := range looptest.Parkings {
		t.Run(park, func(t *testing.T) {
			uvtest.Watchdog(t, 2*time.Minute)
			var mu sync.Mutex
			volleys := map[bool][]*volley{}
			h := &kit.Handler{
				OnData: func(c *server.Conn, p []byte) {
					v := new(volley)
					c.SetContext(v)
					mu.Lock()
					decent := p[0] == 1
					volleys[decent] = append(volleys[decent], v)
					mu.Unlock()
					v.fire(t, c.WriteFunc, func() {})
				},
				OnClose: func(c *server.Conn, err error) {
					c.Context().(*volley).closed++
				},
			}
			s := &server.Server{Handler: h, Loops: 2, Options: []uvgo.Option{uvgo.WithParking(way)}}
			addrs := []string{"tcp://127.0.0.1:0", "unix://" + uvtest.SocketPath(t)}
			stop := kit.Serve(s, addrs...)
			var peers sync.WaitGroup
			for i := range 16 {
				addr := s.Addrs()[i/2%2]
				peers.Go(func() {
					c := kit.Dial(t, addr)
					_ = uvtest.Must(c.Write([]byte{byte(i % 2)}))
					takeVolley(t, c, i%2 == 1)
				})
			}
			peers.Wait()
			await(func() bool { return s.Stats().Conns == 0 })
			stop()
			for decent, vs := range volleys {
				if len(vs) != 8 {
					t.Errorf("%d connections of decent=%v peers, want 8", len(vs), decent)
				}
				for v := range slices.Values(vs) {
					v.verify(t, decent)
				}
			}
		})
	}
}
