package workers

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/activation"
)

// The variables that tell the new program of an upgrade what it is there for.
const (
	envLegacy = "UVGO_WORKERS_LEGACY" // the descriptor of what the program before has left, and the process that may use it
	envProbe  = "UVGO_WORKERS_PROBE"  // the descriptor on which to answer that Run has been reached
)

// legacyVersion is that of legacy's form. A program that does not know it must not take over.
const legacyVersion = 1

// A legacy is what the program before an upgrade leaves to the next, as JSON in a file.
type legacy struct {
	Version    int            `json:"version"`
	Generation int            `json:"generation"`
	Target     int            `json:"target"`
	Told       bool           `json:"told"`
	Notify     int            `json:"notify"`
	NotifyName string         `json:"notify_name"`
	Control    int            `json:"control"` // -1: none
	Path       string         `json:"path"`    // of the control socket
	Sockets    []legacySocket `json:"sockets"`
	Slots      []legacySlot   `json:"slots"`
	Workers    []legacyWorker `json:"workers"`
}

type legacySocket struct {
	Slot  int    `json:"slot"` // 0: of all
	Text  string `json:"text"`
	Name  string `json:"name"`
	FD    int    `json:"fd"`
	Owned bool   `json:"owned"`
}

type legacySlot struct {
	Failures int    `json:"failures"`
	Failed   string `json:"failed"`
	Restarts int    `json:"restarts"`
	LastExit string `json:"last_exit"`
}

type legacyWorker struct {
	Slot       int           `json:"slot"`
	PID        int           `json:"pid"`
	Generation int           `json:"generation"`
	State      state         `json:"state"`
	Current    bool          `json:"current"`
	Started    time.Time     `json:"started"`
	MaxAge     time.Duration `json:"max_age"`
	Message    string        `json:"message"`
	WantsReady bool          `json:"wants_ready"`
	Output     [2]int        `json:"output"`
	Rest       [2][]byte     `json:"rest"`
}

// answerProbe ends the process if it was started only to see whether it gets as far as Run.
func answerProbe() error {
	text := os.Getenv(envProbe)
	if text == "" {
		return nil
	}
	var fd, parent int
	if _, err := fmt.Sscanf(text, "%d:%d", &fd, &parent); err != nil || parent != os.Getppid() {
		// To go on as a supervisor would be wrong: it would run beside the one that systemd starts anew, for example.
		return fmt.Errorf("this process was started by %s=%s to try the program, and whoever started it has ended", envProbe, text)
	}
	if _, err := fmt.Fprintln(os.NewFile(uintptr(fd), envProbe), legacyVersion); err != nil {
		return err
	}
	os.Exit(0)
	return nil
}

// upgrade starts the executable to see whether it works, and then becomes it.
func (r *run) upgrade(done func(error)) {
	fail := func(err error) {
		r.log.Error("workers: no upgrade, this program goes on", "why", err)
		done(fmt.Errorf("workers: no upgrade, this program goes on: %w", err))
	}
	exe, err := os.Executable()
	switch {
	case r.ending:
		fail(errEnding)
		return
	case r.reloading != nil || r.probing:
		fail(errors.New("a reload or another upgrade is under way"))
		return
	case !canUpgrade:
		fail(errors.ErrUnsupported)
		return
	case err != nil:
		fail(err)
		return
	}
	r.log.Info("workers: tries the new program", "path", exe)
	r.probing = true
	r.tryProgram(exe, func(err error) {
		r.probing = false
		if err == nil && r.ending {
			err = errEnding
		}
		if err == nil {
			err = r.become(exe) // returns only if it fails
		}
		fail(err)
	})
}

// probeTimeout is how long a new program may take to come to Run.
const probeTimeout = 20 * time.Second

// tryProgram starts a program with our arguments, and calls done with nil if it has come as far as Run.
func (r *run) tryProgram(exe string, done func(error)) {
	answer := ""
	env := append(activation.Environment(os.Environ(), nil), fmt.Sprintf("%s=3:%d", envProbe, os.Getpid()))
	p, err := r.loop.Spawn(handles.ProcessOptions{
		File: exe, Args: os.Args, Env: env, Detached: true,
		Stdio: []handles.Stdio{{}, handles.StdioFD(2), handles.StdioFD(2), handles.StdioPipe(handles.ChildWrites)},
	}, func(status int, sig syscall.Signal) {
		// Its answer, a few bytes, was written before it ended. Close drops what has not been read.
		_ = r.loop.Post(func() { r.probed(status, sig, &answer, done) })
	})
	if err != nil {
		done(err)
		return
	}
	r.probe = p
	pipe := p.Stdio(3)
	err = pipe.ReadStart(func(b []byte, err error) {
		answer += string(b)
		if err != nil || len(answer) > 1<<10 {
			pipe.Close()
		}
	})
	if err != nil {
		r.log.Warn("workers: cannot read what the new program answers", "error", err)
	}
	r.probeTimer = r.after(probeTimeout, func() {
		answer = "late"
		r.endProbe()
	})
}

// endProbe ends the trial of a new program, if there is one.
func (r *run) endProbe() {
	if r.probe != nil {
		_ = handles.Kill(-r.probe.PID(), syscall.SIGKILL) // it may have ended
	}
}

// probed ends the trial.
func (r *run) probed(status int, sig syscall.Signal, answer *string, done func(error)) {
	p := r.probe
	r.probe = nil
	closeTimer(r.probeTimer)
	p.Stdio(3).Close()
	p.Close()
	switch *answer {
	case strconv.Itoa(legacyVersion) + "\n":
		done(nil)
	case "late":
		done(fmt.Errorf("the new program has not come as far as Run within %v", probeTimeout))
	case "":
		done(fmt.Errorf("the new program does not come as far as Run: it has ended with %s", outcome(status, sig)))
	default:
		done(fmt.Errorf("the new program takes over another form of state, %q, not %d", *answer, legacyVersion))
	}
}

// left is where the program before has left its state in this process, until Run takes it over.
var left struct {
	ours bool // there is one
	fd   int
}

// inherited returns what the program before has left in this process, nil if there was none.
func inherited() (*legacy, error) {
	if !left.ours {
		return nil, nil
	}
	left.ours = false
	f := os.NewFile(uintptr(left.fd), envLegacy)
	defer f.Close()
	l := new(legacy)
	if err := json.NewDecoder(f).Decode(l); err != nil {
		return nil, fmt.Errorf("what the program before the upgrade has left: %w", err)
	}
	if l.Version != legacyVersion {
		return nil, fmt.Errorf("what the program before the upgrade has left has form %d, not %d", l.Version, legacyVersion)
	}
	return l, nil
}

// sockets returns, and takes out, the sockets of a slot and an address.
func (l *legacy) sockets(slot int, text string) (all []*activation.Socket) {
	if l == nil {
		return nil
	}
	l.Sockets = slices.DeleteFunc(l.Sockets, func(s legacySocket) bool {
		if s.Slot != slot || s.Text != text {
			return false
		}
		if made, err := activation.Adopt(s.Text, s.Name, s.FD, s.Owned); err == nil {
			all = append(all, made)
		}
		return true
	})
	return all
}

// adopt goes on with the workers of the program before.
func (r *run) adopt(l *legacy) {
	r.generation, r.told = l.Generation, l.Told
	if r.target != l.Target {
		r.log.Info("workers: the new program has as many workers as the old one had", "workers", l.Target)
		r.target = l.Target
	}
	for i, was := range l.Slots {
		s := &slot{run: r, number: i + 1, failures: was.Failures, failed: was.Failed, restarts: was.Restarts, lastExit: was.LastExit}
		for _, text := range r.texts {
			s.sockets = append(s.sockets, l.sockets(s.number, text)...)
		}
		r.slots = append(r.slots, s)
	}
	for _, s := range l.Sockets { // which the new program does not want
		if made, err := activation.Adopt(s.Text, s.Name, s.FD, s.Owned); err == nil {
			activation.Close([]*activation.Socket{made})
		}
	}
	for _, was := range l.Workers {
		s := &slot{run: r, number: was.Slot, removed: true} // of one that was scaled away
		if was.Slot <= len(r.slots) {
			s = r.slots[was.Slot-1]
		}
		w := &worker{
			run: r, slot: s, pid: was.PID, generation: was.Generation, started: was.Started, maxAge: was.MaxAge,
			message: was.Message, wantsReady: was.WantsReady, output: adoptOutput(was.Slot, was.Output, was.Rest),
		}
		r.living[w.pid] = w
		switch {
		case was.State == draining:
			w.drain("it drained before the upgrade")
		case was.Current:
			s.current = w
		default:
			s.next = w
		}
		switch was.State {
		case starting:
			w.await()
		case ready:
			w.state = ready
			if s.next == w {
				s.promote("another has taken its place")
			}
		}
	}
	r.reap() // those that have ended meanwhile
}
