package workers

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/activation"
)

// A worker is a process:
//
//	          READY=1, or ReadyAfter              SIGTERM
//	starting ───────────────────────▶ ready ────────────────▶ draining
//	    │                               │                        │
//	    └───────────────────────────────┴────────────────────────┴──▶ ended
type worker struct {
	run        *run
	slot       *slot
	pid        int
	generation int
	state      state
	process    *handles.Process // nil: the program before the upgrade has started it
	output     *output          // nil: it writes to the supervisor's own
	started    time.Time
	maxAge     time.Duration  // 0: any
	timer      *handles.Timer // while starting: when it is ready, or must be; while draining: when it is killed
	limit      *handles.Timer // while starting: when it must be ready
	message    string         // STATUS= of sd_notify
	wantsReady bool           // it has spoken sd_notify, so it will say when it is ready
	killing    string         // why it was killed
}

// state is the state of a worker.
type state int

const (
	starting state = iota
	ready
	draining
)

// String returns the state's name in the status.
func (s state) String() string { return [...]string{"starting", "ready", "draining"}[s] }

// start starts a process for the slot.
func (s *slot) start(generation int) (*worker, error) {
	r := s.run
	if err := s.openOwn(); err != nil {
		return nil, err
	}
	sockets := append(slices.Clone(r.sockets), s.sockets...)
	w := &worker{run: r, slot: s, generation: generation, started: time.Now()}
	if r.maxAge > 0 {
		w.maxAge = r.maxAge - time.Duration(rand.Int64N(int64(r.maxAge)/10+1))
	}
	stdio := []handles.Stdio{{}, handles.StdioFD(1), handles.StdioFD(2)}
	if r.prefix {
		var ends [2]handles.Stdio
		var err error
		if w.output, ends, err = newOutput(s.number); err != nil {
			return nil, err
		}
		stdio[1], stdio[2] = ends[0], ends[1]
	}
	for _, sock := range sockets {
		stdio = append(stdio, handles.StdioFD(sock.FD))
	}
	file, argv := activation.Start(r.path, r.args, true)
	p, err := r.loop.Spawn(handles.ProcessOptions{
		File: file, Args: argv, Dir: r.dir, Detached: true, Stdio: stdio, Env: r.environment(s, sockets, generation),
	}, func(status int, sig syscall.Signal) { w.exited(outcome(status, sig)) })
	w.output.begin(err == nil)
	if err != nil {
		return nil, err
	}
	w.process, w.pid = p, p.PID()
	r.living[w.pid] = w
	r.log.Info("workers: worker started", "worker", s.number, "pid", w.pid, "generation", generation)
	w.await()
	return w, nil
}

// await waits until the worker is ready.
func (w *worker) await() {
	r := w.run
	if !r.notifyOnly {
		w.timer = r.after(r.readyAfter, func() {
			if !w.wantsReady {
				w.becomeReady()
			}
		})
	}
	w.limit = r.after(r.readyTimeout, func() {
		if w.state == starting {
			w.killing = fmt.Sprintf("not ready within %v", r.readyTimeout)
			w.kill()
		}
	})
}

// becomeReady notes that the worker serves.
func (w *worker) becomeReady() {
	r, s := w.run, w.slot
	if w.state != starting {
		return
	}
	w.state = ready
	w.stopTimers()
	r.log.Info("workers: worker ready", "worker", s.number, "pid", w.pid, "generation", w.generation, "took", time.Since(w.started).Round(time.Millisecond))
	switch {
	case r.reloading != nil && s.next == w:
		r.checkReload()
	case s.next == w:
		s.promote("another has taken its place")
	}
	r.checkReady()
}

// drain asks the worker to end.
func (w *worker) drain(why string) {
	if w.state == draining {
		return
	}
	w.state = draining
	w.stopTimers()
	r := w.run
	r.log.Info("workers: worker drains", "worker", w.slot.number, "pid", w.pid, "why", why)
	_ = unix.Kill(w.pid, unix.SIGTERM) // ESRCH: it is about to be reaped
	w.timer = r.after(r.drainTimeout, func() {
		w.killing = fmt.Sprintf("not ended %v after SIGTERM", r.drainTimeout)
		r.log.Warn("workers: worker does not end: kills it", "worker", w.slot.number, "pid", w.pid, "timeout", r.drainTimeout)
		w.kill()
	})
}

// kill ends the worker's process group at once.
func (w *worker) kill() {
	_ = unix.Kill(-w.pid, unix.SIGKILL)
	_ = unix.Kill(w.pid, unix.SIGKILL) // it leads its group from before it executes a program on
}

func (w *worker) stopTimers() {
	closeTimer(w.timer)
	closeTimer(w.limit)
	w.timer, w.limit = nil, nil
}

// cannotExecute is the outcome of a worker that could not become its program, among others.
const cannotExecute = "status 126"

// outcome describes how a process has ended.
func outcome(status int, sig syscall.Signal) string {
	if sig != 0 {
		return "signal " + sig.String()
	}
	return fmt.Sprintf("status %d", status)
}

// exited handles the end of the worker, which has been waited for.
func (w *worker) exited(how string) {
	r, s := w.run, w.slot
	delete(r.living, w.pid)
	w.stopTimers()
	if w.process != nil {
		_ = w.process.Close()
	}
	_ = unix.Kill(-w.pid, unix.SIGKILL) // what it has left behind
	r.keepOutput(w.output)
	r.reap()
	switch {
	case w.killing != "":
		how = w.killing
	case how == cannotExecute:
		if err := unix.Access(r.path, unix.X_OK); err != nil {
			how += ": " + r.path + ": " + err.Error()
		}
	}
	s.lastExit = how
	was := w.state
	level := r.log.Warn
	if was == draining {
		level = r.log.Info
	}
	age := time.Since(w.started)
	level("workers: worker ended", "worker", s.number, "pid", w.pid, "generation", w.generation, "state", was, "how", how, "age", age.Round(time.Millisecond))
	switch {
	case s.next == w:
		s.next = nil
		s.successorDied(how)
	case s.current == w:
		s.current = nil
		if !r.ending {
			s.died(how, was, age)
		}
	}
	s.closeSockets()
	r.checkEnd()
}

// died goes on after the death of the slot's worker.
func (s *slot) died(how string, was state, age time.Duration) {
	r := s.run
	switch {
	case s.next != nil && r.reloading == nil: // it takes the place at once
		s.current, s.next = s.next, nil
	case s.next != nil: // the reload decides
	case was == ready && age >= r.stable || was == draining:
		s.failures = 0
		s.restarts++
		s.fill()
	default:
		s.fail(how)
	}
}

// successorDied goes on after the death of a worker that was to take the slot's place.
func (s *slot) successorDied(how string) {
	r := s.run
	if r.ending {
		return
	}
	if r.reloading != nil {
		r.failReload(fmt.Errorf("worker %d of generation %d: %s", s.number, r.reloading.generation, how))
		return
	}
	s.failures++
	wait := r.backoff(s.failures)
	s.recycle = time.Now().Add(max(wait, r.checkEvery))
	r.log.Warn("workers: the successor has failed, the old worker goes on", "worker", s.number, "why", how)
	s.fill()
}
