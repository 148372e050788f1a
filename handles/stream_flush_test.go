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

// TestEarlyFlushesDoNotStarveReads: in every round a direct call into C reports a
// completion before the turn. Reads must go on all the same, for more bytes than the
// arena holds.
func TestEarlyFlushesDoNotStarveReads(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		const rounds, size = 2000, 1000
		a, b := looptest.Pair(t, l)
		c, d := looptest.Pair(t, l)
		pings := uvtest.NewCounter(t, "write callback", rounds)
		ends := uvtest.NewCounter(t, "end of a stream", 2)
		var got [2]int
		uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
			if got[0] += len(p); err != nil {
				uvtest.IsErr(t, "read", err, io.EOF)
				ends.Inc()
				uvtest.CloseAll(t, b)
			}
		}))
		uvtest.Check(t, d.ReadStart(func(p []byte, err error) {
			if got[1] += len(p); err != nil {
				uvtest.IsErr(t, "read", err, io.EOF)
				ends.Inc()
				uvtest.CloseAll(t, d)
			}
		}))
		idle := uvtest.Must(l.NewIdle())
		n, stalled, before := 0, 0, 0
		fd := uvtest.Must(d.FD())
		uvtest.Check(t, idle.Start(func() {
			uvtest.Check(t, a.WriteFunc(func(err error) {
				uvtest.IsErr(t, "write", err, nil)
				pings.Inc()
			}, []byte("x")))
			a.WriteQueueSize()
			if stalled++; got[1] != before || uvtest.Must(unix.IoctlGetInt(fd, unix.TIOCINQ)) == 0 {
				stalled, before = 0, got[1]
			}
			if stalled == 50 {
				t.Fatalf("nothing was read in %d rounds, although it is there: %d bytes after %d rounds", stalled, got[1], n)
			}
			uvtest.Must(c.Write(make([]byte, size)))
			if n++; n == rounds {
				uvtest.Check(t, a.Shutdown(func(error) { uvtest.CloseAll(t, a) }))
				uvtest.Check(t, c.Shutdown(func(error) { uvtest.CloseAll(t, c) }))
				uvtest.CloseAll(t, idle)
			}
		}))
		looptest.Run(t, l)
		if got != [2]int{rounds, rounds * size} {
			t.Errorf("read %v bytes", got)
		}
	}, smallArenas)
}

// TestCloseSilencesTheHandle: after Close only the callbacks of requests run.
func TestCloseSilencesTheHandle(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		a, b := looptest.Pair(t, l)
		order := ""
		a.OnWritten(func(queued int, err error) { t.Errorf("written: %d queued, %v", queued, err) })
		uvtest.Check(t, a.ReadStart(func(p []byte, err error) { t.Errorf("read %q, %v after Close", p, err) }))
		uvtest.Must(a.Write(make([]byte, 16<<20))) // stays queued, in part
		uvtest.Check(t, a.WriteFunc(func(err error) {
			uvtest.IsErr(t, "write", err, uv.ECANCELED)
			order += "write "
		}, []byte("x")))
		uvtest.Check(t, a.Shutdown(func(err error) {
			uvtest.IsErr(t, "shutdown", err, uv.ECANCELED)
			order += "shutdown "
		}))
		a.OnClose(func() { order += "close" })
		looptest.Turn(t, l, 1) // C has all of it
		uvtest.Must(b.Write([]byte("unread")))
		a.OnWritten(func(queued int, err error) { t.Errorf("written after Close: %d queued, %v", queued, err) })
		uvtest.CloseAll(t, a)
		looptest.Run(t, l)
		if order != "write shutdown close" {
			t.Errorf("order %q", order)
		}
		uvtest.CloseAll(t, b)
	})
}
