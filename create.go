package uvgo

import (
	"syscall"
	"time"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

// NewTCP makes a TCP handle; see [handles.NewTCP].
func (l *Loop) NewTCP(opts ...handles.TCPOption) (*handles.TCP, error) {
	return handles.NewTCP(l, opts...)
}

// NewPipe makes a pipe handle; see [handles.NewPipe].
func (l *Loop) NewPipe(opts ...handles.PipeOption) (*handles.Pipe, error) {
	return handles.NewPipe(l, opts...)
}

// NewUDP makes a UDP handle; see [handles.NewUDP].
func (l *Loop) NewUDP(opts ...handles.UDPOption) (*handles.UDP, error) {
	return handles.NewUDP(l, opts...)
}

// NewTimer makes a timer; see [handles.NewTimer].
func (l *Loop) NewTimer() (*handles.Timer, error) { return handles.NewTimer(l) }

// NewPrepare makes a prepare handle; see [handles.NewPrepare].
func (l *Loop) NewPrepare() (*handles.Prepare, error) { return handles.NewPrepare(l) }

// NewCheck makes a check handle; see [handles.NewCheck].
func (l *Loop) NewCheck() (*handles.Check, error) { return handles.NewCheck(l) }

// NewIdle makes an idle handle; see [handles.NewIdle].
func (l *Loop) NewIdle() (*handles.Idle, error) { return handles.NewIdle(l) }

// NewAsync makes an async handle; see [handles.NewAsync].
func (l *Loop) NewAsync(fn func()) (*handles.Async, error) { return handles.NewAsync(l, fn) }

// NewSignal makes a signal handle; see [handles.NewSignal].
func (l *Loop) NewSignal() (*handles.Signal, error) { return handles.NewSignal(l) }

// NewPoll makes a poll handle for a descriptor; see [handles.NewPoll].
func (l *Loop) NewPoll(fd uintptr) (*handles.Poll, error) { return handles.NewPoll(l, fd) }

// NewFSEvent makes a handle that watches files; see [handles.NewFSEvent].
func (l *Loop) NewFSEvent() (*handles.FSEvent, error) { return handles.NewFSEvent(l) }

// NewFSPoll makes a handle that looks at a file at intervals; see [handles.NewFSPoll].
func (l *Loop) NewFSPoll() (*handles.FSPoll, error) { return handles.NewFSPoll(l) }

// NewTTY makes a handle of a terminal; see [handles.NewTTY].
func (l *Loop) NewTTY(fd uintptr) (*handles.TTY, error) { return handles.NewTTY(l, fd) }

// Spawn starts a program; see [handles.Spawn].
func (l *Loop) Spawn(opts handles.ProcessOptions, fn func(status int, sig syscall.Signal)) (*handles.Process, error) {
	return handles.Spawn(l, opts, fn)
}

// AfterFunc makes fn run once after d, never earlier, however old the loop's clock is.
// The timer closes itself afterwards; Close it to cancel. EINVAL for a nil fn. C
// function uv_timer_start.
//
// https://docs.libuv.org/en/v1.x/timer.html#c.uv_timer_start
func (l *Loop) AfterFunc(d time.Duration, fn func()) (*handles.Timer, error) {
	if fn == nil {
		return nil, uv.Fail("after func", uv.EINVAL)
	}
	t, err := l.NewTimer()
	if err != nil {
		return nil, err
	}
	err = t.StartPrecise(d, func() {
		t.Close()
		fn()
	})
	if err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}
