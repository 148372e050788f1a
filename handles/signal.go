package handles

import (
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// A Signal calls a function when the process receives a signal. os/signal goes on
// working beside it: both deliver. C type uv_signal_t.
//
// https://docs.libuv.org/en/v1.x/signal.html
type Signal struct {
	handle
	sig     syscall.Signal // what is watched while active
	oneshot bool           // of the last start
	fn      func(os.Signal)
}

var _ uv.Handle = (*Signal)(nil)

// NewSignal makes a signal handle on the loop. C function uv_signal_init.
//
// https://docs.libuv.org/en/v1.x/signal.html#c.uv_signal_init
func NewSignal(l uv.Loop) (*Signal, error) {
	s := new(Signal)
	if err := s.open(l, "signal init", uv.KindSignal, false, (*signalTarget)(s)); err != nil {
		return nil, err
	}
	return s, nil
}

// Start makes fn run whenever sig arrives, until Stop. While a handle watches a
// signal, its default action is off, also after os/signal's Reset, Stop or Ignore
// (docs/guest.md names the systems where Reset brings it back). EINVAL for a nil fn,
// for a number that is no signal's, and for signals that nobody can catch (SIGKILL,
// SIGSTOP), that Go's runtime needs (SIGURG, SIGPROF, SIGPIPE) and that faults raise
// (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT). C function
// uv_signal_start.
//
// https://docs.libuv.org/en/v1.x/signal.html#c.uv_signal_start
func (s *Signal) Start(sig os.Signal, fn func(os.Signal)) error {
	return s.start("signal start", sig, fn, false)
}

// StartOneshot is Start for the next delivery alone. C function
// uv_signal_start_oneshot.
//
// https://docs.libuv.org/en/v1.x/signal.html#c.uv_signal_start_oneshot
func (s *Signal) StartOneshot(sig os.Signal, fn func(os.Signal)) error {
	return s.start("signal start oneshot", sig, fn, true)
}

func (s *Signal) start(op string, sig os.Signal, fn func(os.Signal), oneshot bool) error {
	if err := s.use(op); err != nil {
		return err
	}
	n, ok := sig.(syscall.Signal)
	if !ok || fn == nil || refused(n) {
		name := "nil"
		if sig != nil {
			name = sig.String()
		}
		return uv.FailAddr(op, name, uv.EINVAL)
	}
	if s.has(active) && (s.sig != n || s.oneshot != oneshot) {
		s.stop()
	}
	if !s.has(active) {
		if s.oneshot && !oneshot { // libuv's handle never loses that
			c, rc := s.c.Renew()
			if rc < 0 {
				return uv.CheckAddr(op, n.String(), rc)
			}
			s.c, s.oneshot = c, false
		}
		retain(n)
		if rc := s.c.SignalStart(int(n), oneshot); rc < 0 {
			release(n)
			return uv.CheckAddr(op, n.String(), rc)
		}
		s.core.Bump(s.c)
		s.set(active)
	}
	s.sig, s.oneshot, s.fn = n, oneshot, fn
	return nil
}

// Stop ends watching; what arrived but was not delivered is dropped, and the signal
// does again what it did before. C function uv_signal_stop.
//
// https://docs.libuv.org/en/v1.x/signal.html#c.uv_signal_stop
func (s *Signal) Stop() error {
	if err := s.use("signal stop"); err != nil {
		return err
	}
	s.stop()
	return nil
}

func (s *Signal) stop() {
	if !s.has(active) {
		return
	}
	s.clear(active)
	s.core.Bump(s.c)
	s.c.SignalStop()
	release(s.sig)
}

// Close stops watching and starts closing. C function uv_close.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_close
func (s *Signal) Close() error {
	if s.core.Owned() && !s.has(closing) {
		s.stop()
	}
	return s.handle.Close()
}

// complete handles the handle's events. C type uv_signal_cb.
//
// https://docs.libuv.org/en/v1.x/signal.html#c.uv_signal_cb
func (s *Signal) complete(ev *cuv.Event) {
	switch ev.Kind {
	case cuv.EvSignal:
		if s.oneshot { // libuv has stopped it
			s.clear(active)
			release(s.sig)
		}
		s.fn(syscall.Signal(ev.Signal()))
	case cuv.EvClose:
		s.fn = nil
		s.finish()
	}
}

// refused tells whether a signal must not be watched.
func refused(n syscall.Signal) bool {
	switch n {
	case syscall.SIGKILL, syscall.SIGSTOP,
		syscall.SIGURG, syscall.SIGPROF, syscall.SIGPIPE,
		syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGTRAP, syscall.SIGSYS, syscall.SIGABRT:
		return true
	}
	return n <= 0 || n > maxSignal
}

// maxSignal is the highest number that os/signal knows, of any system. Stop of a
// channel that was to get a higher one would never return, if it is the first
// channel of the process.
const maxSignal = 64

// watched counts, for every signal, the handles that watch it in all loops.
// While there is one, Go's runtime must take the signal for wanted: its handler
// runs after libuv's (cuv/sigaction.c) and would carry out the default action,
// which for SIGINT and SIGTERM is to die.
var watched = struct {
	sync.Mutex
	n     map[syscall.Signal]int
	sinks map[syscall.Signal]chan os.Signal
}{n: map[syscall.Signal]int{}, sinks: map[syscall.Signal]chan os.Signal{}}

// retain registers one more handle for the signal.
func retain(n syscall.Signal) {
	watched.Lock()
	defer watched.Unlock()
	if watched.n[n]++; watched.n[n] == 1 && !signal.Ignored(n) { // Notify would end that
		sink := make(chan os.Signal, 1) // never read: Notify does not wait
		watched.sinks[n] = sink
		signal.Notify(sink, n)
	}
}

// release takes back one retain.
func release(n syscall.Signal) {
	watched.Lock()
	defer watched.Unlock()
	if watched.n[n]--; watched.n[n] == 0 {
		signal.Stop(watched.sinks[n])
		delete(watched.sinks, n)
		delete(watched.n, n)
	}
}
