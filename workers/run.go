package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/activation"
)

// A run is what a Supervisor does from Run on. All of it belongs to the loop, whose goroutine is locked to a thread.
type run struct {
	path, dir                        string // of the command
	args, env, texts                 []string
	target                           int
	open                             activation.Options
	readyTimeout, readyAfter         time.Duration
	notifyOnly                       bool
	drainTimeout, stable, maxBackoff time.Duration
	maxFailures                      int
	maxAge, checkEvery               time.Duration
	maxMemory                        uint64
	controlPath                      string
	prefix, noSignals, reapOrphans   bool
	onStart                          func() error
	log                              *slog.Logger

	loop       *uvgo.Loop
	began      time.Time
	sockets    []*activation.Socket // of all workers
	slots      []*slot
	living     map[int]*worker // by process ID
	outputs    []*output       // of workers that have ended, until all is written
	generation int
	reloading  *reloading    // nil: none
	waiting    []func(error) // of calls of reload that came during another one
	lastReload error
	notifier   *notifier
	control    *control
	signals    []*handles.Signal
	actions    map[syscall.Signal]func()
	keep       *handles.Async // keeps the loop running until the last worker has ended; a Hold would keep it so behind a panic, too
	probing    bool           // an upgrade is being tried
	probe      *handles.Process
	probeTimer *handles.Timer
	told       bool // systemd knows that we are ready
	ending     bool // all drain
	killed     bool // a second stop has come
	err        error

	overOnce sync.Once
	ended    chan struct{}
}

// over returns a channel that is closed when the loop has ended. Any goroutine may call it.
func (r *run) over() chan struct{} {
	r.overOnce.Do(func() { r.ended = make(chan struct{}) })
	return r.ended
}

// begin opens the sockets and starts the workers, or takes over what the program before has left.
func (r *run) begin(ctx context.Context) error {
	if err := r.prepareAll(ctx); err != nil {
		return err
	}
	var err error
	if r.keep, err = r.loop.NewAsync(func() {}); err != nil {
		return err
	}
	r.fill()
	r.checkEnd()
	return nil
}

// prepareAll opens what the workers and the operator need, and takes over what the program before has left.
func (r *run) prepareAll(ctx context.Context) error {
	before, err := inherited()
	if err != nil {
		return err
	}
	if r.notifier, err = r.newNotifier(before); err != nil {
		return fmt.Errorf("the socket on which workers report: %w", err)
	}
	if err := r.openSockets(ctx, before); err != nil {
		return err
	}
	if err := r.listenControl(before); err != nil {
		return err
	}
	if err := r.watchSignals(); err != nil {
		return err
	}
	if err := r.watchChildren(); err != nil {
		return err
	}
	if err := r.watchLimits(); err != nil {
		return err
	}
	if err := r.callOnStart(); err != nil && before == nil {
		return err
	} else if err != nil { // the workers are there, and serve
		r.log.Error("workers: the program's OnStart has failed", "error", err)
	}
	if before != nil {
		r.adopt(before)
		r.log.Info("workers: the new program has taken over", "pid", os.Getpid(), "workers", len(r.living))
	} else {
		r.generation = 1
		r.log.Info("workers: started", "pid", os.Getpid(), "workers", r.target, "listen", r.urls(), "control", r.control.where())
	}
	return nil
}

func (r *run) callOnStart() error {
	if r.onStart == nil {
		return nil
	}
	return r.onStart()
}

// openSockets opens what all workers share: everything, or with ReusePort the sockets that cannot be opened several times.
func (r *run) openSockets(ctx context.Context, before *legacy) error {
	for _, text := range r.texts {
		made := before.sockets(0, text)
		if made == nil && r.open.ReusePort && perWorker(text) {
			continue // openOwn does it
		}
		if made == nil {
			var err error
			if made, err = activation.Open(ctx, text, r.open); err != nil {
				return fmt.Errorf("listen on %s: %w", text, err)
			}
		}
		r.sockets = append(r.sockets, made...)
	}
	return nil
}

// urls returns the addresses on which the workers listen.
func (r *run) urls() []string {
	var urls []string
	for _, s := range r.sockets {
		urls = append(urls, s.URL())
	}
	if len(r.slots) > 0 {
		for _, s := range r.slots[0].sockets {
			urls = append(urls, s.URL())
		}
	}
	return urls
}

// fill makes the slots that are missing, and starts workers in those that have none.
func (r *run) fill() {
	for len(r.slots) < r.target {
		r.slots = append(r.slots, &slot{run: r, number: len(r.slots) + 1})
	}
	for _, s := range r.slots {
		s.fill()
	}
}

// scale changes the number of slots.
func (r *run) scale(n int) error {
	switch {
	case n < 1 || n > maxWorkers:
		return fmt.Errorf("workers: %d workers: there may be 1 to %d", n, maxWorkers)
	case r.ending:
		return errEnding
	case n == r.target:
		return nil
	}
	r.log.Info("workers: scaled", "from", r.target, "to", n)
	r.target = n
	for len(r.slots) > n {
		s := r.slots[len(r.slots)-1]
		r.slots = r.slots[:len(r.slots)-1]
		s.close("there are fewer workers now")
	}
	r.fill()
	r.checkReload()
	r.checkFailed()
	return nil
}

var errEnding = errors.New("workers: the supervisor is ending")

// stop drains all workers. A second call kills them.
func (r *run) stop(why string) {
	if r.ending {
		if !r.killed {
			r.killed = true
			r.log.Warn("workers: asked to end again: kills what is left", "workers", len(r.living))
			for _, w := range r.living {
				w.kill()
			}
		}
		return
	}
	r.ending = true
	r.endProbe()
	r.log.Info("workers: drains all", "why", why, "workers", len(r.living), "timeout", r.drainTimeout)
	_ = activation.Notify("STOPPING=1")
	r.failReload(errEnding)
	for _, s := range r.slots {
		s.stopTimer()
	}
	for _, w := range r.living {
		w.drain(why)
	}
	r.checkEnd()
}

// checkEnd ends the loop when the last worker has ended.
func (r *run) checkEnd() {
	if r.ending && len(r.living) == 0 {
		_ = r.loop.Post(r.finish) // a Stop before the loop runs would be lost
	}
}

// finish ends the loop.
func (r *run) finish() {
	_ = r.keep.Close() // fails only on another goroutine
	r.loop.Stop()
}

// checkFailed ends everything when no slot has a worker or a hope for one.
func (r *run) checkFailed() {
	if r.ending {
		return
	}
	reason := ""
	for _, s := range r.slots {
		if s.failed == "" || s.next != nil {
			return
		}
		reason = s.failed
	}
	r.err = fmt.Errorf("all %d workers have failed; the last: %s", len(r.slots), reason)
	if len(r.slots) == 1 {
		r.err = fmt.Errorf("the only worker has failed: %s", reason)
	}
	r.stop("all workers have failed")
}

// checkReady tells systemd, once, that all workers are ready.
func (r *run) checkReady() {
	if r.told || r.ending {
		return
	}
	for _, s := range r.slots {
		if s.current == nil || s.current.state != ready {
			return
		}
	}
	r.told = true
	r.log.Info("workers: all are ready", "workers", len(r.slots), "generation", r.generation)
	r.tellSystemd("READY=1")
}

// tellSystemd sends a state to whoever supervises this process.
func (r *run) tellSystemd(state string) {
	if err := activation.Notify(state); err != nil {
		r.log.Warn("workers: cannot notify systemd", "error", err)
	}
}

// close gives back what the run has, once the loop has ended.
func (r *run) close() {
	close(r.over())
	for _, w := range r.living { // behind a panic: nobody would watch them
		w.kill()
	}
	r.failReload(errEnded)
	r.notifier.close()
	r.control.close()
	activation.Close(r.sockets)
	for _, s := range r.slots {
		activation.Close(s.sockets)
	}
	late, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, o := range r.outputs {
		o.finish(late)
	}
}

// keepOutput remembers the output of a worker that has ended, and forgets those that are done.
func (r *run) keepOutput(o *output) {
	r.outputs = slices.DeleteFunc(r.outputs, (*output).finished)
	if o != nil {
		r.outputs = append(r.outputs, o)
	}
}

// after calls fn on the loop after d. The timer does not keep the loop running, for which Hold is.
func (r *run) after(d time.Duration, fn func()) *handles.Timer {
	t, err := r.loop.AfterFunc(d, fn)
	if err != nil { // the loop is out of memory, or closed
		r.log.Error("workers: no timer", "error", err)
		return nil
	}
	return t
}

// closeTimer closes a timer, which may be nil.
func closeTimer(t *handles.Timer) {
	if t != nil {
		_ = t.Close() // again for one that has fired
	}
}

// environment is what a worker of a slot finds in its environment.
func (r *run) environment(s *slot, sockets []*activation.Socket, generation int) []string {
	extra := []string{
		"UVGO_WORKER=" + strconv.Itoa(s.number),
		"UVGO_GENERATION=" + strconv.Itoa(generation),
	}
	if name := r.notifier.name(); name != "" {
		extra = append(extra, "NOTIFY_SOCKET="+name)
	}
	return activation.Environment(r.env, activation.Names(sockets), extra...)
}
