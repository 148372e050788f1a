package handles

import (
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// A Signal calls a function when the process receives a signal. os/signal works beside
// it: both deliver the signal. C type uv_signal_t.
//
// https://docs.libuv.org/en/v1.x/signal.html
type Signal struct {
	handle
	sig     syscall.Signal // the signal of the last start
	oneshot bool           // whether that was StartOneshot
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

// Start makes fn run whenever sig arrives, until Stop. While a handle watches a signal,
// the signal's default action is off, also after os/signal's Reset, Stop or Ignore.
// (docs/guest.md names the systems where Reset restores it.) EINVAL for a nil fn, and
// for what is no signal. EINVAL as well for signals that no process can catch (SIGKILL,
// SIGSTOP), that Go's runtime needs (SIGURG, SIGPROF, SIGPIPE), and that faults raise
// (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT). C function
// uv_signal_start.
//
// https://docs.libuv.org/en/v1.x/signal.html#c.uv_signal_start
func (s *Signal) Start(sig os.Signal, fn func(os.Signal)) error {
	return s.start("signal start", sig, fn, false)
}

// StartOneshot is Start, but stops by itself after the first delivery. C function
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
	if !ok || fn == nil || unwatchable(n) {
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
		if s.oneshot && !oneshot { // libuv never clears its oneshot flag, so this needs a new C handle
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

// Stop ends what Start began. Signals that wait for delivery are dropped. When no
// handle watches the signal any more, the signal does what it did before. C function
// uv_signal_stop.
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

// Close stops the handle, as Stop does, and starts closing it. C function uv_close.
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
		if s.oneshot { // libuv has stopped the handle
			s.clear(active)
			release(s.sig)
		}
		s.fn(syscall.Signal(ev.Signal()))
	case cuv.EvClose:
		s.fn = nil
		s.finish()
	}
}

// unwatchable tells whether Start refuses a signal.
func unwatchable(n syscall.Signal) bool {
	switch n {
	case syscall.SIGKILL, syscall.SIGSTOP,
		syscall.SIGURG, syscall.SIGPROF, syscall.SIGPIPE,
		syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGTRAP, syscall.SIGSYS, syscall.SIGABRT:
		return true
	}
	return n <= 0 || n > maxSignal
}

// maxSignal is the highest signal number that os/signal knows on any system.
// signal.Stop can hang for a channel that was registered with a higher one, if that was
// the process's first channel.
const maxSignal = 64

// watched counts, for each signal, the handles of all loops that watch it. While there
// is one, a channel is registered with os/signal. Without it Go's signal handler, which
// runs after libuv's (cuv/sigaction.c), would carry out the default action. For SIGINT
// and SIGTERM that ends the process.
var watched = struct {
	sync.Mutex
	n        map[syscall.Signal]int
	channels map[syscall.Signal]chan os.Signal
}{n: map[syscall.Signal]int{}, channels: map[syscall.Signal]chan os.Signal{}}

// retain counts one more handle that watches the signal.
func retain(n syscall.Signal) {
	watched.Lock()
	defer watched.Unlock()
	if watched.n[n]++; watched.n[n] == 1 && !signal.Ignored(n) { // Notify would end signal.Ignore
		c := make(chan os.Signal, 1) // nothing receives from it: os/signal does not wait for that
		watched.channels[n] = c
		signal.Notify(c, n)
	}
}

// release counts one handle less.
func release(n syscall.Signal) {
	watched.Lock()
	defer watched.Unlock()
	if watched.n[n]--; watched.n[n] == 0 {
		signal.Stop(watched.channels[n])
		delete(watched.channels, n)
		delete(watched.n, n)
	}
}
