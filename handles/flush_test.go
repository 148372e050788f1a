package handles_test

import (
	"io"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// TestEarlyFlushesDoNotStarveReads: in every round a completion is reported
// before the turn, by a call that answers at once. Reads must go on all the
// same, beyond what the arena holds.
func TestEarlyFlushesDoNotStarveReads(t *testing.T) {
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		const rounds, size = 2000, 1000
		a, b := pair(t, l)
		c, d := pair(t, l)
		pings := uvtest.NewCounter(t, "write callback", rounds)
		ends := uvtest.NewCounter(t, "end of a stream", 2)
		var got [2]int
		check(t, b.ReadStart(func(p []byte, err error) {
			if got[0] += len(p); err != nil {
				isErr(t, "read", err, io.EOF)
				ends.Inc()
				closeAll(t, b)
			}
		}))
		check(t, d.ReadStart(func(p []byte, err error) {
			if got[1] += len(p); err != nil {
				isErr(t, "read", err, io.EOF)
				ends.Inc()
				closeAll(t, d)
			}
		}))
		idle := must(l.NewIdle())
		n, stalled, before := 0, 0, 0
		fd := must(d.FD())
		check(t, idle.Start(func() {
			check(t, a.WriteFunc(func(err error) {
				isErr(t, "write", err, nil)
				pings.Inc()
			}, []byte("x")))
			a.WriteQueueSize()
			if stalled++; got[1] != before || must(unix.IoctlGetInt(fd, unix.TIOCINQ)) == 0 {
				stalled, before = 0, got[1]
			}
			if stalled == 50 {
				t.Fatalf("nothing was read in %d rounds, although it is there: %d bytes after %d rounds", stalled, got[1], n)
			}
			must(c.Write(make([]byte, size)))
			if n++; n == rounds {
				check(t, a.Shutdown(func(error) { closeAll(t, a) }))
				check(t, c.Shutdown(func(error) { closeAll(t, c) }))
				closeAll(t, idle)
			}
		}))
		looptest.Run(t, l)
		if got != [2]int{rounds, rounds * size} {
			t.Errorf("read %v bytes", got)
		}
	}, smallArenas)
}

// TestCloseSilencesTheHandle: only requests report after Close.
func TestCloseSilencesTheHandle(t *testing.T) {
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		a, b := pair(t, l)
		order := ""
		a.OnWritten(func(queued int, err error) { t.Errorf("written: %d queued, %v", queued, err) })
		check(t, a.ReadStart(func(p []byte, err error) { t.Errorf("read %q, %v after Close", p, err) }))
		must(a.Write(make([]byte, 16<<20))) // stays queued, in part
		check(t, a.WriteFunc(func(err error) {
			isErr(t, "write", err, uv.ECANCELED)
			order += "write "
		}, []byte("x")))
		check(t, a.Shutdown(func(err error) {
			isErr(t, "shutdown", err, uv.ECANCELED)
			order += "shutdown "
		}))
		a.OnClose(func() { order += "close" })
		turn(t, l, 1) // C has all of it
		must(b.Write([]byte("unread")))
		a.OnWritten(func(queued int, err error) { t.Errorf("written after Close: %d queued, %v", queued, err) })
		closeAll(t, a)
		looptest.Run(t, l)
		if order != "write shutdown close" {
			t.Errorf("order %q", order)
		}
		closeAll(t, b)
	})
}
