package tests

import (
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
	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() {
	uvloopTests.add(suite{"accept_backoff": testAcceptBackoff})
	uvtest.Helper("accept backoff", acceptBackoff)
}

// testAcceptBackoff runs a listener that has neither a descriptor to accept with
// nor libuv's spare one to shed load with. The kernel reports it readable again
// and again; the loop must wait between its attempts, serve its timers, and
// accept once it can.
func testAcceptBackoff(t *testing.T) {
	for name, way := range parkings {
		t.Run(name, func(t *testing.T) {
			uvtest.Watchdog(t, 2*time.Minute)
			srv := startRemote(t, "accept backoff", strconv.Itoa(int(way)))
			c := dial(t, srv.addr)
			var turns, ticks, accepted int
			var took time.Duration
			ask := func(what string) {
				t.Helper()
				ns := int64(0)
				srv.ask(what, &turns, &ticks, &accepted, &ns)
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
			check(t, echoesBack(c, "at last"))
			c.Close()
			srv.end()
		})
	}
}

func acceptBackoff() {
	way, _ := strconv.Atoi(os.Args[1])
	ln := must(unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
	must(0, unix.Bind(ln, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	addr := must(unix.Getsockname(ln)).(*unix.SockaddrInet4)
	l := must(uvgo.New(uvgo.WithParking(uvgo.Parking(way))))
	tm := must(l.NewTimer())
	questions := make(chan string)
	answers := make(chan string)

	// From here on there is no descriptor. The listener needs one, which it gets
	// only after its first stream has looked for a spare one.
	var hoard []int
	limit := uint64(uvtest.FDs() + 8)
	must(0, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: limit, Max: limit}))
	for {
		fd, err := unix.FcntlInt(uintptr(ln), unix.F_DUPFD_CLOEXEC, 0)
		if errors.Is(err, unix.EMFILE) {
			break
		}
		hoard = append(hoard, must(fd, err))
	}
	s := must(l.NewTCP())
	unix.Close(hoard[0])
	must(0, s.Open(uintptr(ln)))
	accepted, ticks := 0, 0
	must(0, s.Listen(8, func(c *handles.TCP, err error) {
		must(0, err)
		accepted++
		must(0, c.ReadStart(func(p []byte, err error) {
			if err != nil {
				c.Close()
				return
			}
			must(c.Write(p))
		}))
	}))
	must(0, tm.Start(50*time.Millisecond, 50*time.Millisecond, func() { ticks++ }))

	ask := func(what string) func() []any {
		return func() []any { questions <- what; return []any{<-answers} }
	}
	go func() {
		answer(&net.TCPAddr{IP: net.IP(addr.Addr[:]), Port: addr.Port}, map[string]func() []any{"poor": ask("poor"), "rich": ask("rich")})
		close(questions)
	}()
	for what := range questions { // the loop runs while a question is answered, and not otherwise
		for what == "rich" && len(hoard) > 1 {
			unix.Close(hoard[len(hoard)-1])
			hoard = hoard[:len(hoard)-1]
		}
		start, before, was := time.Now(), l.Stats().Turns, ticks
		for ticks < was+8 || what == "rich" && accepted == 0 {
			must(l.RunOnce())
		}
		answers <- fmt.Sprint(l.Stats().Turns-before, ticks-was, accepted, int64(time.Since(start)))
		if what == "rich" { // goes on until its peer has gone
			tm.Close()
			for n := 1; n > 0; {
				must(l.RunOnce())
				n = 0
				for h := range l.Walk() {
					if h != s && !h.Closing() {
						n++
					}
				}
			}
		}
	}
	must(0, l.Shutdown(bg))
}
