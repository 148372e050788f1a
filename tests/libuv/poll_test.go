package libuv

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"watcher_cross_stop":    kit.PerLoop(testWatcherCrossStop),
		"poll_duplex":           kit.PerLoop(testPollDuplex),
		"poll_close":            kit.PerLoop(testPollClose),
		"poll_multiple_handles": kit.PerLoop(testPollMultipleHandles),
		"poll_nested_epoll":     kit.PerLoop(testPollNestedEpoll),
	})
}

// Thousands of watchers are ready in one poll; the first callback closes them
// all, and none of the others may run.
func testWatcherCrossStop(t *testing.T, l *uvgo.Loop) {
	n := 2500
	var lim unix.Rlimit
	uvtest.Check(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &lim))
	if most := (int(min(lim.Cur, 1<<20)) - 256) / 2; most < n { // a poll duplicates its descriptor
		n = most
	}
	if n < 1000 {
		t.Fatalf("%d descriptors are too few for this test: raise ulimit -n", lim.Cur)
	}
	closed := uvtest.NewCounter(t, "close callback", n)
	called := uvtest.NewCounter(t, "poll callback", 1)
	polls := make([]*handles.Poll, n)
	for i := range polls {
		fd := uvtest.Must(unix.Eventfd(1, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK))
		p := uvtest.Must(l.NewPoll(uintptr(fd)))
		polls[i] = p
		p.OnClose(func() {
			closed.Inc()
			unix.Close(fd)
		})
		uvtest.Check(t, p.Start(handles.Readable, func(_ handles.PollEvent, err error) {
			uvtest.Check(t, err)
			called.Inc()
			for _, p := range polls {
				p.Close()
			}
		}))
	}
	looptest.Run(t, l)
}

// Both directions of many connections run over polls, which are started, stopped
// and given other events all the time.
func testPollDuplex(t *testing.T, l *uvgo.Loop) {
	const pairs, bytes = 20, 1 << 14
	ends := make([]*pollEnd, 0, 2*pairs)
	for range pairs {
		a, b := kit.Socketpair(t)
		ends = append(ends, startPollEnd(t, l, a, bytes), startPollEnd(t, l, b, bytes))
	}
	looptest.Run(t, l)
	for i, e := range ends {
		if e.sent != bytes || e.received != bytes || !e.eof || !e.hungUp {
			t.Errorf("end %d: sent %d, received %d, end of file %t, disconnect %t", i, e.sent, e.received, e.eof, e.hungUp)
		}
	}
}

// A pollEnd sends and receives on one socket.
type pollEnd struct {
	t              *testing.T
	poll           *handles.Poll
	again          *handles.Timer
	fd, todo       int
	sent, received int
	calls          int
	eof, hungUp    bool
}

func startPollEnd(t *testing.T, l *uvgo.Loop, fd, todo int) *pollEnd {
	e := &pollEnd{t: t, poll: uvtest.Must(l.NewPoll(uintptr(fd))), again: uvtest.Must(l.NewTimer()), fd: fd, todo: todo}
	e.watch()
	return e
}

// watch asks for what is still to come.
func (e *pollEnd) watch() {
	want := handles.PollEvent(0)
	if !e.eof {
		want |= handles.Readable
	}
	if e.sent < e.todo {
		want |= handles.Writable
	}
	if !e.hungUp {
		want |= handles.Disconnect
	}
	switch {
	case want == 0:
		e.poll.Close()
		e.again.Close()
	case e.calls%7 == 3: // now and then: not now, but soon
		uvtest.Check(e.t, e.poll.Stop())
		uvtest.Check(e.t, e.again.Start(time.Millisecond, 0, func() { uvtest.Check(e.t, e.poll.Start(want, e.ready)) }))
	default:
		if e.calls%5 == 2 { // a start that the next one replaces
			uvtest.Check(e.t, e.poll.Start(handles.Writable, e.ready))
		}
		uvtest.Check(e.t, e.poll.Start(want, e.ready))
	}
}

func (e *pollEnd) ready(events handles.PollEvent, err error) {
	uvtest.Check(e.t, err)
	if events == 0 {
		e.t.Error("a callback without an event")
	}
	e.calls++
	if events&handles.Readable != 0 {
		buf := make([]byte, 931)
		for {
			n, err := unix.Read(e.fd, buf)
			if n > 0 {
				e.received += n
			}
			if e.eof = e.eof || n == 0 && err == nil; n <= 0 {
				if err != nil && !errors.Is(err, unix.EAGAIN) {
					e.t.Error(err)
				}
				break
			}
			if e.calls%3 == 0 {
				break // the rest in the next turn: readiness is a level
			}
		}
	}
	if events&handles.Writable != 0 && e.sent < e.todo {
		if n, err := unix.Write(e.fd, make([]byte, min(1234, e.todo-e.sent))); n > 0 {
			e.sent += n
		} else if !errors.Is(err, unix.EAGAIN) {
			e.t.Error(err)
		}
		if e.sent == e.todo {
			uvtest.Check(e.t, unix.Shutdown(e.fd, unix.SHUT_WR))
		}
	}
	e.hungUp = e.hungUp || events&handles.Disconnect != 0
	e.watch()
}

func testPollClose(t *testing.T, l *uvgo.Loop) {
	const n = 64
	closed := uvtest.NewCounter(t, "close callback", n)
	called := uvtest.NewCounter(t, "poll callback", 0)
	var polls []*handles.Poll
	for range n {
		fd := uvtest.Must(unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
		defer unix.Close(fd)
		p := uvtest.Must(l.NewPoll(uintptr(fd)))
		p.OnClose(closed.Inc)
		uvtest.Check(t, p.Start(handles.Readable|handles.Writable, func(handles.PollEvent, error) { called.Inc() }))
		polls = append(polls, p)
	}
	for _, p := range polls {
		if !p.Active() {
			t.Error("a started poll is not active")
		}
		uvtest.Check(t, p.Close())
	}
	looptest.Run(t, l)
}

// libuv lets two handles share a descriptor as long as one of them is active;
// here the second is refused from the start, and the first one's end frees it.
func testPollMultipleHandles(t *testing.T, l *uvgo.Loop) {
	a, b := kit.Socketpair(t)
	first := uvtest.Must(l.NewPoll(uintptr(a)))
	if second, err := l.NewPoll(uintptr(a)); !errors.Is(err, uv.EEXIST) || !errors.Is(err, unix.EEXIST) {
		t.Errorf("a second handle: %v", err)
		if err == nil {
			second.Close()
		}
	}
	uvtest.Check(t, first.Start(handles.Readable, func(handles.PollEvent, error) { t.Error("a closed handle was called") }))
	if _, err := l.NewPoll(uintptr(a)); !errors.Is(err, uv.EEXIST) {
		t.Errorf("a second handle beside an active one: %v", err)
	}
	uvtest.Must(unix.Write(b, []byte("x")))
	uvtest.Check(t, first.Close())
	second := uvtest.Must(l.NewPoll(uintptr(a))) // before the close callback
	called := uvtest.NewCounter(t, "poll callback", 1)
	uvtest.Check(t, second.Start(handles.Readable, func(events handles.PollEvent, err error) {
		uvtest.Check(t, err)
		called.Inc()
		if events != handles.Readable {
			t.Errorf("events %d", events)
		}
		uvtest.Check(t, second.Close())
	}))
	if !second.Active() {
		t.Error("a started poll is not active")
	}
	looptest.Run(t, l)
}

func testPollNestedEpoll(t *testing.T, l *uvgo.Loop) {
	ep := uvtest.Must(unix.EpollCreate1(unix.EPOLL_CLOEXEC))
	defer unix.Close(ep)
	a, b := kit.Socketpair(t)
	uvtest.Check(t, unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, a, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(a)}))
	p := uvtest.Must(l.NewPoll(uintptr(ep)))
	called := uvtest.NewCounter(t, "poll callback", 1)
	uvtest.Check(t, p.Start(handles.Readable, func(events handles.PollEvent, err error) {
		uvtest.Check(t, err)
		called.Inc()
		p.Close()
	}))
	if !looptest.TurnNoWait(t, l) || called.N() != 0 {
		t.Errorf("an epoll without events called back")
	}
	uvtest.Must(unix.Write(b, []byte("x")))
	looptest.Run(t, l)
}
