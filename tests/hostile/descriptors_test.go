package hostile

import (
	"net"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/tests/internal/kit"
)

func init() { uvtest.Helper("hostile descriptors", poorServer) }

// TestHostileDescriptors takes all descriptors of a server. It must go on
// serving those that it has, not spin, and accept again when it can.
func TestHostileDescriptors(t *testing.T) {
	for park, way := range looptest.Parkings {
		t.Run(park, func(t *testing.T) {
			uvtest.Watchdog(t, 2*time.Minute)
			srv := kit.StartRemote(t, "hostile descriptors", strconv.Itoa(int(way)))
			var old []net.Conn
			for range 5 {
				c := kit.Dial(t, srv.Addr)
				uvtest.Check(t, kit.EchoesBack(c, "first come"))
				old = append(old, c)
			}
			var turns0, turns, events0, events, open uint64
			began := time.Now()
			srv.Ask("stats", &turns0, &events0, &open)

			const crowd = 400
			var mu sync.Mutex
			var more []net.Conn
			var peers sync.WaitGroup
			for range 8 {
				peers.Go(func() {
					for range crowd / 8 {
						c, err := net.Dial(srv.Addr.Network(), srv.Addr.String())
						if err != nil {
							continue // shed
						}
						mu.Lock()
						more = append(more, c)
						mu.Unlock()
					}
				})
			}
			peers.Wait()
			for range 30 {
				for _, c := range old {
					uvtest.Check(t, kit.EchoesBack(c, "first served"))
				}
			}
			srv.Ask("stats", &turns, &events, &open)
			if open < 6 || open > 2*poorFDs {
				t.Errorf("%d connections are open of %d: descriptors are not what it lacks", open, crowd)
			}
			if n := turns - turns0; n > backedOff(began)+barrenTurns*(events-events0)+2*crowd {
				t.Errorf("%d turns for %d events and %d connections", n, events-events0, crowd)
			}
			t.Logf("%d turns, %d events, %d open, %d of %d dialed", turns-turns0, events-events0, open, len(more), crowd)

			// With nothing to do but to lack descriptors it must not spin.
			began = time.Now() // before the count: what passes in between is allowed for
			srv.Ask("stats", &turns0, &events0, &open)
			for time.Since(began) < 200*time.Millisecond {
				time.Sleep(10 * time.Millisecond) // time for it to spin
			}
			srv.Ask("stats", &turns, &events, &open)
			// What is left of the crowd may still be shed.
			if n, e := turns-turns0, events-events0; e > crowd || n > backedOff(began)+barrenTurns*(e+1) {
				t.Errorf("%d turns and %d events with nothing to do", n, e)
			}

			for _, c := range more {
				c.Close()
			}
			await(func() bool { // the kernel may still hand over some of the crowd
				c, err := net.Dial(srv.Addr.Network(), srv.Addr.String())
				if err != nil {
					return false
				}
				defer c.Close()
				return kit.EchoesBack(c, "welcome back") == nil
			})
			for _, c := range old {
				uvtest.Check(t, kit.EchoesBack(c, "still here"))
				c.Close()
			}
			srv.End()
		})
	}
}

// barrenTurns is how many turns in a row may find nothing that they can do
// before a loop backs off.
const barrenTurns = 20

// backedOff is how many turns the two loops can have made since then if each
// waits a few milliseconds before it tries again.
func backedOff(since time.Time) uint64 {
	return 2 * uint64(time.Since(since)/(4*time.Millisecond)+barrenTurns)
}

// poorFDs is how many descriptors the poor server may have beyond those that it
// begins with.
const poorFDs = 20

func poorServer() {
	way, _ := strconv.Atoi(os.Args[1])
	s := &server.Server{
		Handler: new(kit.Handler), Loops: 2,
		Options: []uvgo.Option{uvgo.WithParking(uvgo.Parking(way))},
	}
	stop := serveAll(s, "tcp://127.0.0.1:0")
	c := uvtest.Must(net.Dial("tcp", s.Addrs()[0].String())) // Go's netpoller is open by now
	uvtest.Must(0, kit.EchoesBack(c, "ready"))
	c.Close()
	await(func() bool { return s.Stats().Conns == 0 })
	limit := uint64(uvtest.FDs() + poorFDs)
	uvtest.Must(0, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: limit, Max: limit}))
	kit.Answer(s.Addrs()[0], map[string]func() []any{"stats": func() []any {
		st := s.Stats()
		return []any{st.Turns, st.Events, st.Conns}
	}})
	stop()
}
