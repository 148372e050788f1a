package libuv

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
)

func init() {
	suite.Add(kit.Suite{"metrics_info_check": kit.PerLoop(testMetricsInfoCheck)})
}

// Each callback causes the next turn's one event, and finds exactly one turn
// more than the one before.
func testMetricsInfoCheck(t *testing.T, l *uvgo.Loop) {
	var fds [2]int
	uvtest.Check(t, unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK))
	defer unix.Close(fds[0])
	defer unix.Close(fds[1])
	send := func() { uvtest.Must(unix.Write(fds[1], []byte("x"))) }

	const rounds = 3
	turns := uint64(0)
	events := uint64(0)
	first := uvtest.NewCounter(t, "prepare callback", 1)
	polled := uvtest.NewCounter(t, "poll callback", rounds)
	p := uvtest.Must(l.NewPoll(uintptr(fds[0])))
	prepare := uvtest.Must(l.NewPrepare())
	uvtest.Check(t, prepare.Start(func() {
		first.Inc()
		prepare.Close()
		if m := uvtest.Must(l.Metrics()); m.LoopCount != 0 || m.Events != 0 {
			t.Errorf("before the first poll: %d turns, %d events", m.LoopCount, m.Events)
		}
		send()
	}))
	uvtest.Check(t, p.Start(handles.Readable, func(_ handles.PollEvent, err error) {
		uvtest.Check(t, err)
		polled.Inc()
		m := uvtest.Must(l.Metrics())
		if turns++; m.LoopCount != turns {
			t.Errorf("callback %d: %d turns", turns, m.LoopCount)
		}
		if m.Events <= events {
			t.Errorf("callback %d: %d events, %d before", turns, m.Events, events)
		}
		if m.EventsWaiting > m.Events {
			t.Errorf("%d of %d events waited", m.EventsWaiting, m.Events)
		}
		events = m.Events
		uvtest.Must(unix.Read(fds[0], make([]byte, 1)))
		if turns < rounds {
			send()
		} else {
			p.Close()
		}
	}))
	looptest.Run(t, l)
}
