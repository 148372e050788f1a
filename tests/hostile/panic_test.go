package hostile

import (
	"errors"
	"io"
	"strings"
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

// TestHostilePanics has a handler panic for every second of hundreds of
// connections, in each of its methods and with values of several types.
func TestHostilePanics(t *testing.T) {
	for park, way := range looptest.Parkings {
		t.Run(park, func(t *testing.T) {
			uvtest.Watchdog(t, 2*time.Minute)
			boom := errors.New("boom")
			var nobody *kit.Handler
			values := []func(){
				func() { panic(boom) },
				func() { panic("boom") },
				func() { nobody.OnOpen = nil },
				func() { _ = make([]int, 1)[len(park)] },
			}
			var n atomic.Int64
			explode := func() { values[n.Add(1)%int64(len(values))]() }
			var panicked, clean, other atomic.Int64
			gone := make(chan struct{}, 2*200) // one for each connection, as it ends
			h := &kit.Handler{OnDrain: func(*server.Conn) { explode() }}
			h.OnData = func(c *server.Conn, p []byte) {
				switch p[0] {
				case 'd':
					explode()
				case 'w':
					uvtest.Must(0, c.WriteFunc(func(error) { explode() }, []byte("w")))
				case 'D':
					uvtest.Must(c.Write(make([]byte, 4<<20)))
				default:
					uvtest.Must(c.Write(p))
				}
			}
			h.OnClose = func(c *server.Conn, err error) {
				gone <- struct{}{}
				var p *uv.PanicError
				switch {
				case errors.As(err, &p):
					if len(p.Stack) == 0 || p.Value == nil {
						t.Errorf("a panic without a stack or a value: %v", p.Value)
					}
					panicked.Add(1)
				case err == io.EOF:
					clean.Add(1)
				default:
					t.Errorf("Close with %v", err)
					other.Add(1)
				}
				if p != nil {
					explode() // there is nothing left to close
				}
			}
			opens := *h
			opens.OnOpen = func(*server.Conn) { explode() }

			s := &server.Server{Handler: h, Loops: 2, Options: []uvgo.Option{uvgo.WithParking(way)}}
			stop := kit.Serve(s, "tcp://127.0.0.1:0")
			s2 := &server.Server{Handler: &opens, Loops: 2, Options: []uvgo.Option{uvgo.WithParking(way)}}
			stop2 := kit.Serve(s2, "tcp://127.0.0.1:0")
			const pairs = 200
			var peers sync.WaitGroup
			for i := range pairs {
				peers.Go(func() { // served before, while and after the others are not
					c := kit.Dial(t, s.Addrs()[0])
					for range 10 {
						if err := kit.EchoesBack(c, "hello "+strings.Repeat("x", i)); err != nil {
							t.Errorf("a decent peer: %v", err)
						}
					}
					c.Close()
				})
				peers.Go(func() {
					addr, word := s.Addrs()[0], string("dwDo"[i%4])
					if word == "o" {
						addr = s2.Addrs()[0]
					}
					c := kit.Dial(t, addr)
					_, _ = io.WriteString(c, word) // Open may have panicked by now
					_, _ = io.Copy(io.Discard, c)  // until the panic ends it
					c.Close()
				})
			}
			peers.Wait()
			for range 2 * pairs { // or Shutdown would end those whose EOF is under way
				<-gone
			}
			stop()
			stop2()
			if p, c := panicked.Load(), clean.Load(); p != pairs || c != pairs {
				t.Errorf("%d connections ended by a panic and %d by EOF, want %d of each", p, c, pairs)
			}
		})
	}
}
