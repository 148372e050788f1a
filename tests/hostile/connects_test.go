package hostile

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

// TestHostileConnects connects 10,000 times to leave again: at once, with a
// reset, after a message, or in the middle of one. Nothing may be left.
func TestHostileConnects(t *testing.T) {
	for park, way := range looptest.Parkings {
		for _, tt := range []struct {
			network, addr string
			n             int
		}{
			{"tcp", "tcp://127.0.0.1:0", 10_000},
			{"unix", "unix://" + uvtest.SocketPath(t), 2_000},
		} {
			t.Run(tt.network+" "+park, func(t *testing.T) {
				uvtest.Watchdog(t, 4*time.Minute)
				start := uvtest.FDs()
				var opened, closed atomic.Int64
				var loops sync.Map
				h := &kit.Handler{
					OnOpen: func(c *server.Conn) {
						opened.Add(1)
						loops.Store(c.Loop(), true)
					},
					OnClose: func(*server.Conn, error) { closed.Add(1) },
				}
				s := &server.Server{Handler: h, Loops: 2, Options: []uvgo.Option{uvgo.WithParking(way)}}
				stop := kit.Serve(s, tt.addr)
				comeAndGo(t, s, tt.n)
				await(func() bool { return closed.Load() == int64(tt.n) })
				await(func() bool { return s.Stats().Conns == 0 })

				if got := s.Stats().Accepted; got != uint64(tt.n) {
					t.Errorf("%d accepted, want %d", got, tt.n)
				}
				for l := range loops.Range {
					if n := streams(l.(*uvgo.Loop)); n > 1 {
						t.Errorf("%d streams are left on a loop, want the listener at most", n)
					}
				}
				stop()
				if o, c := opened.Load(), closed.Load(); o != int64(tt.n) || c != o {
					t.Errorf("%d Open and %d Close callbacks, want %d of each", o, c, tt.n)
				}
				if end := uvtest.FDs(); end != start {
					t.Errorf("%d descriptors at the end, %d at the start", end, start)
				}
			})
		}
	}
}

// streams counts the stream handles of a loop that runs.
func streams(l *uvgo.Loop) int {
	n := make(chan int)
	uvtest.Must(0, l.Post(func() {
		streams := 0
		for h := range l.Walk() {
			if h.Kind() == uv.KindTCP || h.Kind() == uv.KindPipe {
				streams++
			}
		}
		n <- streams
	}))
	return <-n
}

// comeAndGo connects n times, 64 at a time, never further ahead of the server
// than any backlog.
func comeAndGo(t testing.TB, s *server.Server, n int) {
	addr := s.Addrs()[0]
	var next atomic.Int64
	var peers sync.WaitGroup
	for range 64 {
		peers.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				await(func() bool { return i < int64(s.Stats().Accepted)+100 })
				c, err := net.Dial(addr.Network(), addr.String())
				if err != nil {
					t.Errorf("dial: %v", err)
					return
				}
				switch i % 5 {
				case 0:
					kit.Reset(c)
					continue
				case 1:
					if err := kit.EchoesBack(c, "hello"); err != nil {
						t.Errorf("echo: %v", err)
					}
				case 2:
					if _, err := c.Write(make([]byte, 10_000)); err != nil {
						t.Errorf("write: %v", err)
					}
				case 3:
					if _, err := c.Write(make([]byte, 10_000)); err != nil {
						t.Errorf("write: %v", err)
					}
					kit.Reset(c)
					continue
				}
				c.Close()
			}
		})
	}
	peers.Wait()
}
