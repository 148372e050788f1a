package handles_test

import (
	"net"
	"runtime"
	"sync"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestBusyStreamsDoNotStarveOthers: some peers send without end, more than a turn's
// arena holds. A byte from another peer must not wait until they stop.
func TestBusyStreamsDoNotStarveOthers(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		const greedy = 8
		var in []*handles.TCP
		ln, addr := looptest.Listen(t, l, func(c *handles.TCP, err error) {
			uvtest.Check(t, err)
			in = append(in, c)
		})
		var out []net.Conn
		for i := range greedy + 1 {
			out = append(out, uvtest.Must(net.Dial("tcp", addr.String())))
			looptest.Until(t, l, func() bool { return len(in) == i+1 })
		}
		var senders sync.WaitGroup
		total := 0
		for i := range greedy {
			uvtest.Check(t, in[i].ReadStart(func(p []byte, err error) { total += len(p) }))
			senders.Go(func() {
				buf := make([]byte, 1<<20)
				for {
					if _, err := out[i].Write(buf); err != nil {
						return
					}
				}
			})
		}
		modest, asked := in[greedy], 0
		answers := 0
		uvtest.Check(t, modest.ReadStart(func(p []byte, err error) { answers += len(p) }))
		worst := 0
		for range 20 {
			// Only now and then: the kernel lists a stream that was silent last.
			for before := total; total-before < 2<<20; {
				looptest.Turn(t, l, 1)
			}
			uvtest.Must(out[greedy].Write([]byte("x")))
			asked++
			for unread(t, modest) == 0 { // under load the kernel takes its time to pass it on
				runtime.Gosched()
			}
			turns := 0
			for ; answers < asked && turns < 2000; turns++ {
				looptest.Turn(t, l, 1)
			}
			worst = max(worst, turns)
		}
		// Each busy stream may fill a turn alone, and the byte may come when a turn
		// begins.
		if most := 2 * (greedy + 1); worst > most {
			t.Errorf("a byte waited for %d turns, want at most %d", worst, most)
		}
		for _, c := range out {
			c.Close()
		}
		senders.Wait()
		for _, c := range in {
			uvtest.CloseAll(t, c)
		}
		uvtest.CloseAll(t, ln)
	})
}
