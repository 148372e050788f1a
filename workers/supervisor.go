package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/activation"
	"github.com/uvgo/uvgo/uv"
)

// A Supervisor runs workers. Fields must not change once Run has been called; the zero value of each but Command works. Any
// goroutine may call its methods.
type Supervisor struct {
	// Command is the program of the workers, found in PATH if it has no slash, and its arguments.
	Command []string
	// Dir is the workers' working directory; "" is this process's.
	Dir string
	// Env is their environment; nil is this process's. What the supervisor passes is added.
	Env []string
	// Workers is how many there are; 0 means GOMAXPROCS, which follows the limit of a container.
	Workers int

	// Listen has the addresses whose sockets the workers get, from descriptor 3 on: tcp://host:port, udp://host:port,
	// unix:///path, fd://number and systemd:name. A name before the address, as in "web=tcp://:80", is the socket's in
	// LISTEN_FDNAMES; by default that is tcp, udp or unix.
	Listen []string
	// Backlog is how many connections wait in the kernel to be accepted; 0 means as many as the system allows.
	Backlog int
	// ReusePort opens a TCP or UDP socket for each worker (SO_REUSEPORT), in place of one for all.
	ReusePort bool

	// ReadyTimeout is how long a worker may take to be ready; 0 means 30 seconds.
	ReadyTimeout time.Duration
	// ReadyAfter is when a worker that sends no READY=1 counts as ready; 0 means a second. It must be less than ReadyTimeout.
	ReadyAfter time.Duration
	// Notify says that only READY=1 makes a worker ready.
	Notify bool
	// DrainTimeout is how long a worker may take to end after SIGTERM; then it is killed. 0 means 30 seconds.
	DrainTimeout time.Duration

	// Stable is how long a worker must have run for its death not to count as a failure; 0 means 10 seconds.
	Stable time.Duration
	// MaxBackoff is the longest wait between two starts after failures; 0 means 30 seconds.
	MaxBackoff time.Duration
	// MaxFailures is how many failures in a row make a slot fail for good; 0 means 8.
	MaxFailures int

	// MaxAge is how old a worker gets before another takes its place, up to a tenth less for each, so that they do not
	// all go at once. 0 means any age.
	MaxAge time.Duration
	// MaxMemory is how many bytes a worker may have resident before another takes its place; 0 means any number. Linux only.
	MaxMemory uint64
	// CheckEvery is how often memory and age are looked at; 0 means 5 seconds.
	CheckEvery time.Duration

	// Control is the path of the unix socket for "uvgo workers status"; "" means one in the user's directory for such files,
	// and "none" that there is no such socket.
	Control string
	// Prefix puts the worker's number before each line of its output: "[2] ". Otherwise workers write to the supervisor's
	// standard output and error themselves.
	Prefix bool
	// NoSignals leaves signals to the program. Otherwise Run handles SIGTERM, SIGINT, SIGHUP, SIGUSR2, SIGTTIN and SIGTTOU.
	NoSignals bool
	// ReapOrphans waits for every child that ends, also for those that Run has not started: this process is PID 1, or a
	// subreaper. The program must not use os/exec then.
	ReapOrphans bool
	// OnStart is called on Run's goroutine when the sockets are open, before the first worker starts; also after an Upgrade. Its error
	// ends Run, but after an Upgrade, where it is logged. nil means none.
	OnStart func() error `json:"-"`
	// Logger gets a line for each event; nil means slog.Default().
	Logger *slog.Logger

	mu  sync.Mutex
	run *run // while Run runs, nil otherwise
}

// errEnded is the error of a method when Run does not run.
var errEnded = errors.New("workers: the supervisor does not run")

// Run opens the sockets, starts the workers and supervises them until ctx ends, Stop is called or a signal comes; then it
// drains them and returns nil. It returns an error if it could not begin, or when every worker has failed for good.
//
// Run locks its goroutine to its thread. After an Upgrade, Run is called again in the new program, and goes on with the workers that are
// there.
func (s *Supervisor) Run(ctx context.Context) error {
	if ctx == nil {
		return uv.Fail("workers: run", uv.EINVAL)
	}
	r, err := s.prepare()
	if err != nil {
		return fmt.Errorf("workers: %w", err)
	}
	if err := answerProbe(); err != nil {
		return fmt.Errorf("workers: %w", err)
	}
	// The kernel ends the workers with the thread that has made them.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err = uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		r.loop = l
		s.mu.Lock()
		running := s.run != nil
		if !running {
			s.run = r
		}
		s.mu.Unlock()
		if running {
			return errors.New("the supervisor runs already")
		}
		context.AfterFunc(ctx, func() { _ = l.Post(func() { r.stop("the context has ended") }) }) // fails once the loop has ended
		return r.begin(ctx)
	})
	r.close()
	s.mu.Lock()
	if s.run == r {
		s.run = nil
	}
	s.mu.Unlock()
	if err == nil {
		err = r.err
	}
	if err != nil {
		return fmt.Errorf("workers: %w", err)
	}
	return nil
}

// prepare checks the fields, and returns a run with the defaults filled in.
func (s *Supervisor) prepare() (*run, error) {
	r := &run{
		dir: s.Dir, env: s.Env, target: s.Workers, texts: s.Listen,
		open:         activation.Options{Backlog: s.Backlog, ReusePort: s.ReusePort},
		readyTimeout: s.ReadyTimeout, readyAfter: s.ReadyAfter, notifyOnly: s.Notify, drainTimeout: s.DrainTimeout,
		stable: s.Stable, maxBackoff: s.MaxBackoff, maxFailures: s.MaxFailures,
		maxAge: s.MaxAge, maxMemory: s.MaxMemory, checkEvery: s.CheckEvery,
		controlPath: s.Control, prefix: s.Prefix, noSignals: s.NoSignals, reapOrphans: s.ReapOrphans, onStart: s.OnStart, log: s.Logger,
		living: make(map[int]*worker), began: time.Now(),
	}
	for _, d := range []struct {
		name  string
		value *time.Duration
		zero  time.Duration
	}{
		{"ReadyTimeout", &r.readyTimeout, 30 * time.Second}, {"ReadyAfter", &r.readyAfter, time.Second}, {"DrainTimeout", &r.drainTimeout, 30 * time.Second},
		{"Stable", &r.stable, 10 * time.Second}, {"MaxBackoff", &r.maxBackoff, 30 * time.Second}, {"CheckEvery", &r.checkEvery, 5 * time.Second}, {"MaxAge", &r.maxAge, 0},
	} {
		if *d.value < 0 {
			return nil, fmt.Errorf("negative %s: %w", d.name, uv.EINVAL)
		}
		if *d.value == 0 {
			*d.value = d.zero
		}
	}
	switch {
	case len(s.Command) == 0:
		return nil, fmt.Errorf("no Command: %w", uv.EINVAL)
	case s.Workers < 0 || s.Workers > maxWorkers:
		return nil, fmt.Errorf("%d workers: there may be 1 to %d: %w", s.Workers, maxWorkers, uv.EINVAL)
	case s.Backlog < 0 || s.MaxFailures < 0:
		return nil, fmt.Errorf("negative Backlog or MaxFailures: %w", uv.EINVAL)
	case !r.notifyOnly && r.readyAfter >= r.readyTimeout:
		return nil, fmt.Errorf("ReadyAfter %v must be less than ReadyTimeout %v: %w", r.readyAfter, r.readyTimeout, uv.EINVAL)
	}
	path, err := activation.Find(s.Command[0])
	if err != nil {
		return nil, fmt.Errorf("the workers' command: %w", err)
	}
	r.path, r.args = path, s.Command
	if r.env == nil {
		r.env = os.Environ()
	}
	if r.target == 0 {
		r.target = runtime.GOMAXPROCS(0)
	}
	if r.maxFailures == 0 {
		r.maxFailures = 8
	}
	if r.log == nil {
		r.log = slog.Default()
	}
	return r, nil
}

// maxWorkers is how many workers there may be: more is a mistake.
const maxWorkers = 4096

// call runs fn on the loop of Run, and waits for done to be called.
func (s *Supervisor) call(fn func(r *run, done func(error))) error {
	s.mu.Lock()
	r := s.run
	s.mu.Unlock()
	if r == nil {
		return errEnded
	}
	return r.call(fn)
}

// call runs fn on the loop, and waits for done to be called.
func (r *run) call(fn func(r *run, done func(error))) error {
	result := make(chan error, 1)
	once := sync.OnceFunc(func() { close(result) })
	done := func(err error) {
		select {
		case result <- err:
		default:
		}
		once()
	}
	if r.loop.Post(func() { fn(r, done) }) != nil {
		return errEnded
	}
	select {
	case err := <-result:
		return err
	case <-r.over():
		return errEnded
	}
}

// Reload starts a new worker in each slot, waits until all are ready, and drains the old ones. It returns when the new ones
// serve, or the error for which the old ones go on. During another Reload it waits for one more.
func (s *Supervisor) Reload() error { return s.call((*run).reload) }

// Stop begins to end the workers gracefully; Run returns when they have ended. A second call kills them.
func (s *Supervisor) Stop() error {
	return s.call(func(r *run, done func(error)) { r.stop("Stop was called"); done(nil) })
}

// Scale changes the number of workers. It returns at once: those that are too many drain.
func (s *Supervisor) Scale(n int) error {
	return s.call(func(r *run, done func(error)) { done(r.scale(n)) })
}

// Upgrade executes the program's executable anew in this process, with the same arguments. The workers and sockets stay; the new
// program's Run takes them over. It returns only if that is not possible. Before, the executable is started with the same arguments and
// a mark in its environment, to see whether it gets as far as Run, which then ends the process. Linux only.
func (s *Supervisor) Upgrade() error { return s.call((*run).upgrade) }

// Status returns what the supervisor and its workers do now.
func (s *Supervisor) Status() (Status, error) {
	var st Status
	err := s.call(func(r *run, done func(error)) { st = r.status(); done(nil) })
	return st, err
}
