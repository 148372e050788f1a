package hostile

import (
	"context"
	"net"
	"os"
	"runtime/debug"
	"strconv"
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

func init() { uvtest.Helper("hostile unread", unreadServer) }

// unreadGrowth is how much memory the peers of TestHostileUnread may cost: the
// arenas of two loops, WriteLimit for each of eight peers, and what the race
// detector adds to that. They send, or are sent, a multiple of it.
const unreadGrowth = 32 << 20

// TestHostileUnread has peers that do not read what a server sends them: some
// hold on, others come and go. The server's memory must stay flat, and a decent
// peer must be served all the time.
func TestHostileUnread(t *testing.T) {
	for _, tt := range []struct {
		name string
		sent int // what the hostile peers send at most; 0: they only listen
	}{
		{"echo", 64 << 20},
		{"push", 0},
		{"careless", 0},
	} {
		for park, way := range looptest.Parkings {
			t.Run(tt.name+" "+park, func(t *testing.T) {
				t.Parallel()
				d := hostileFor()
				uvtest.Watchdog(t, d+2*time.Minute)
				srv := kit.StartRemote(t, "hostile unread", tt.name, strconv.Itoa(int(way)))
				decent := kit.Dial(t, srv.Addr)
				for range 100 {
					uvtest.Check(t, kit.EchoesBack(decent, "+warm up"))
				}
				var before, after, in, out uint64
				srv.Ask("sample", &before, &in, &out)

				ctx, over := context.WithCancel(context.Background())
				defer over()
				var peers sync.WaitGroup
				for i := range 8 {
					peers.Go(func() { neverRead(ctx, t, srv.Addr, tt.sent, i%2 == 0) })
				}
				began, pressure := time.Now(), false // with less it would show nothing
				for n := 0; !pressure || time.Since(began) < d; n++ {
					if err := kit.EchoesBack(decent, "+not me"); err != nil {
						t.Errorf("a decent peer: %v", err)
						break
					}
					if n%100 == 0 {
						srv.Ask("sample", &after, &in, &out)
						if after > before+unreadGrowth {
							t.Errorf("memory grew from %d to %d KiB with %d bytes in, %d out", before>>10, after>>10, in, out)
							break
						}
						pressure = tt.sent == 0 && out >= 8<<20 || tt.sent != 0 && in >= 4<<20
					}
				}
				srv.Ask("sample", &after, &in, &out)
				if after > before+unreadGrowth {
					t.Errorf("memory grew from %d to %d KiB", before>>10, after>>10)
				}
				t.Logf("memory: %d KiB, then %d KiB; %d bytes in, %d out", before>>10, after>>10, in, out)
				over()
				peers.Wait()
				decent.Close()
				srv.End()
			})
		}
	}
}

// neverRead is a hostile peer until the context ends: it sends, or reads just
// enough to see that it is served, and stops there. One that does not hold on
// then resets the connection and comes back.
func neverRead(ctx context.Context, t testing.TB, addr net.Addr, send int, hold bool) {
	buf := make([]byte, 64<<10)
	for ctx.Err() == nil {
		c, err := net.Dial(addr.Network(), addr.String())
		if err != nil {
			t.Errorf("dial: %v", err)
			return
		}
		if !hold {
			_ = c.SetDeadline(time.Now().Add(50 * time.Millisecond))
		}
		stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
		_, err = c.Write([]byte("-"))
		for sent := 0; err == nil && sent < send; sent += len(buf) {
			_, err = c.Write(buf)
		}
		for got := 0; send == 0 && got < 1<<20 && err == nil; {
			var n int
			n, err = c.Read(buf)
			got += n
		}
		if hold {
			<-ctx.Done() // this is what it does: nothing
		}
		stop()
		kit.Reset(c)
	}
}

// unreadServer is the server: its first argument says how it treats those whose
// first byte is not a plus.
func unreadServer() {
	way, _ := strconv.Atoi(os.Args[2])
	h := new(kit.Handler)
	block := make([]byte, 32<<10)
	fill := func(c *server.Conn) { // up to the high watermark, as one should
		for c.Context() != nil && !c.Full() {
			if _, err := c.Write(block); err != nil {
				return
			}
		}
	}
	timers := func(c *server.Conn) {
		tm := uvtest.Must(c.Loop().NewTimer())
		uvtest.Must(0, tm.Start(0, time.Millisecond, func() {
			for range 20 {
				_, _ = c.Write(block)
				_ = c.WriteFunc(nil, block, block)
			}
		}))
		c.SetContext(tm)
	}
	h.OnClose = func(c *server.Conn, err error) {
		if tm, ok := c.Context().(*handles.Timer); ok {
			tm.Close()
		}
	}
	start := map[string]func(c *server.Conn){"push": func(c *server.Conn) {
		c.SetContext(true)
		fill(c)
	}, "careless": timers}[os.Args[1]]
	h.OnDrain = fill
	h.OnData = func(c *server.Conn, p []byte) {
		if start != nil && p[0] == '-' {
			start(c)
			return
		}
		_, _ = c.Write(p)
	}
	s := &server.Server{
		Handler: h, Loops: 2, WriteLimit: 1 << 20,
		Options: []uvgo.Option{uvgo.WithParking(uvgo.Parking(way))},
	}
	stop := serveAll(s, "tcp://127.0.0.1:0")
	kit.Answer(s.Addrs()[0], map[string]func() []any{"sample": func() []any {
		debug.FreeOSMemory()
		st := s.Stats()
		return []any{uvtest.RSS(), st.BytesIn, st.BytesOut}
	}})
	stop()
}
