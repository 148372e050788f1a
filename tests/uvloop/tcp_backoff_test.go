package uvloop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
)

func init() {
	suite.Add(kit.Suite{"accept_backoff": testAcceptBackoff})
	uvtest.Helper("accept backoff", acceptBackoff)
}

// testAcceptBackoff runs a listener that has neither a descriptor to accept with
// nor libuv's spare one to shed load with. The kernel reports it readable again
// and again; the loop must wait between its attempts, serve its timers, and
// accept once it can.
func testAcceptBackoff(t *testing.T) {
	for name, way := range looptest.Parkings {
		t.Run(name, func(t *testing.T) {
			uvtest.Watchdog(t, 2*time.Minute)
			srv := kit.StartRemote(t, "accept backoff", strconv.Itoa(int(way)))
			c := kit.Dial(t, srv.Addr)
			var turns, ticks, accepted int
			var took time.Duration
			ask := func(what string) {
				t.Helper()
				ns := int64(0)
				srv.Ask(what, &turns, &ticks, &accepted, &ns)
				took = time.Duration(ns)
			}
			ask("poor")
			// A turn each 5 ms; every tick begins with 16 without a pause.
			if most := int(took/(5*time.Millisecond)) + 18*ticks + 50; turns > most {
				t.Errorf("%d turns in %v with nothing to accept with, want at most %d", turns, took, most)
			}
			if ticks == 0 || accepted != 0 {
				t.Errorf("%d timer callbacks, %d connections", ticks, accepted)
			}
			ask("rich")
			if accepted != 1 {
				t.Errorf("%d connections once there are descriptors, want 1", accepted)
			}
			uvtest.Check(t, kit.EchoesBack(c, "at last"))
			c.Close()
			srv.End()
		})
	}
}

func acceptBackoff() {
	way, _ := strconv.Atoi(os.Args[1])
	ln := uvtest.Must(unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
	uvtest.Must(0, unix.Bind(ln, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	addr := uvtest.Must(unix.Getsockname(ln)).(*unix.SockaddrInet4)
	l := uvtest.Must(uvgo.New(uvgo.WithParking(uvgo.Parking(way))))
	tm := uvtest.Must(l.NewTimer())
	questions := make(chan string)
	answers := make(chan string)

	// From here on there is no descriptor. The listener needs one, which it gets
	// only after its first stream has looked for a spare one.
	var hoard []int
	limit := uint64(uvtest.FDs() + 8)
	uvtest.Must(0, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: limit, Max: limit}))
	for {
		fd, err := unix.FcntlInt(uintptr(ln), unix.F_DUPFD_CLOEXEC, 0)
		if errors.Is(err, unix.EMFILE) {
			break
		}
		hoard = append(hoard, uvtest.Must(fd, err))
	}
	s := uvtest.Must(l.NewTCP())
	unix.Close(hoard[0])
	uvtest.Must(0, s.Open(uintptr(ln)))
	accepted, ticks := 0, 0
	uvtest.Must(0, s.Listen(8, func(c *handles.TCP, err error) {
		uvtest.Must(0, err)
		accepted++
		uvtest.Must(0, c.ReadStart(func(p []byte, err error) {
			if err != nil {
				c.Close()
				return
			}
			uvtest.Must(c.Write(p))
		}))
	}))
	uvtest.Must(0, tm.Start(50*time.Millisecond, 50*time.Millisecond, func() { ticks++ }))

	ask := func(what string) func() []any {
		return func() []any { questions <- what; return []any{<-answers} }
	}
	go func() {
		kit.Answer(&net.TCPAddr{IP: net.IP(addr.Addr[:]), Port: addr.Port}, map[string]func() []any{"poor": ask("poor"), "rich": ask("rich")})
		close(questions)
	}()
	for what := range questions { // the loop runs while a question is answered, and not otherwise
		for what == "rich" && len(hoard) > 1 {
			unix.Close(hoard[len(hoard)-1])
			hoard = hoard[:len(hoard)-1]
		}
		start, before, was := time.Now(), l.Stats().Turns, ticks
		for ticks < was+8 || what == "rich" && accepted == 0 {
			uvtest.Must(l.RunOnce())
		}
		answers <- fmt.Sprint(l.Stats().Turns-before, ticks-was, accepted, int64(time.Since(start)))
		if what == "rich" { // goes on until its peer has gone
			tm.Close()
			for n := 1; n > 0; {
				uvtest.Must(l.RunOnce())
				n = 0
				for h := range l.Walk() {
					if h != s && !h.Closing() {
						n++
					}
				}
			}
		}
	}
	uvtest.Must(0, l.Shutdown(context.Background()))
}
