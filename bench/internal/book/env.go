package book

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// An Env is what a workload's Run gets beside the peer.
type Env struct {
	Warmup, Duration time.Duration // of a closed loop: what does not count, and the window that does
	Round            int           // from 0
	ServerCPU        int
	LoadCPU          int
	Idle             int // connections of workloads that hold idle ones: what the flag says and the limit of open files allows

	programs *built
}

// command is the words that start c: its program, its own arguments, and args.
func (e *Env) command(c Command, args ...string) ([]string, error) {
	words := e.programs.words[c.Program.Name]
	if words == nil {
		return nil, fmt.Errorf("program %s is in no workload's Servers or Loads", c.Program.Name)
	}
	return append(append(append([]string{}, words...), c.Args...), args...), nil
}

// start starts a command on a CPU.
func (e *Env) start(ctx context.Context, cpus []int, name string, c Command, args ...string) (*harness.Child, error) {
	words, err := e.command(c, args...)
	if err != nil {
		return nil, err
	}
	return harness.Start(ctx, cpus, nil, name, words[0], words[1:]...)
}

// A Server is a server process that listens.
type Server struct {
	Addr    string // HOST:PORT, or what else it printed behind "listening"
	Control string // address of its control server, if it printed one behind that
	PID     int

	env *Env
}

// Serve starts a server on the server's CPU with args behind the command's own, and waits until it has printed "listening ADDR" or "listening ADDR
// CONTROL". It calls fn and ends the server by SIGTERM. To fn's sample it adds the server's peak memory, the crossings of its loop if it prints them
// to stderr as echo-uvgo does, and what other programs used meanwhile.
func (e *Env) Serve(ctx context.Context, c Command, args []string, fn func(s *Server) (Sample, error)) (sample Sample, err error) {
	child, err := e.start(ctx, []int{e.ServerCPU}, c.Program.Name, c, args...)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err = errors.Join(err, child.Stop()); err == nil {
			addLoop(sample, child.Stderr())
		}
	}()
	line, err := child.Await("listening", harness.StartLimit)
	if err != nil {
		return nil, err
	}
	s := &Server{PID: child.PID(), env: e}
	s.Addr, s.Control, _ = strings.Cut(line, " ")
	if sample, err = fn(s); err != nil {
		return nil, err
	}
	if peak, err := harness.Peak(s.PID); err == nil {
		sample[Peak] = float64(peak)
	}
	return sample, nil
}

// addLoop adds what a server on uvgo prints when it ends: the last line of stderr that tells of turns, crossings and events.
func addLoop(sample Sample, stderr string) {
	for line := range strings.Lines(stderr) {
		var s struct{ Turns, Crossings, Events float64 }
		if json.Unmarshal([]byte(line), &s) == nil && s.Crossings > 0 && s.Turns > 0 {
			sample[Events], sample[Crossings] = s.Events/s.Crossings, s.Crossings/s.Turns
		}
	}
}

// Load runs a closed loop against the server on the load's CPU to its end, with args behind the command's own. The load prints a line of JSON as
// [harness.Load] has it. A wrong answer, a connection that the server closed and a loop in which nothing was done are errors.
func (s *Server) Load(ctx context.Context, c Command, args ...string) (Sample, error) {
	words, err := s.env.command(c, args...)
	if err != nil {
		return nil, err
	}
	cpus := []int{s.env.ServerCPU, s.env.LoadCPU}
	began, busy := time.Now(), -harness.Others(s.PID, cpus...)
	line, cpu, err := harness.Run(ctx, cpus[1:], s.env.limit(), c.Program.Name, words[0], words[1:]...)
	if err != nil {
		return nil, err
	}
	busy += harness.Others(s.PID, cpus...) - cpu
	sample, err := parse(line)
	if err == nil {
		sample[Others] = max(0, busy.Seconds()/(2*time.Since(began).Seconds()))
	}
	return sample, err
}

// limit is how long a load may take: connecting 10,000 times to a slow server included.
func (e *Env) limit() time.Duration { return e.Warmup + e.Duration + time.Minute }

// Alone runs a program that has no peer process to its end on the server's CPU; both is whether it has the other CPU, too. It prints the line
// of JSON of [harness.Load]. Its own CPU time in the window is its server_cpu_s.
func (e *Env) Alone(ctx context.Context, c Command, both bool, args ...string) (Sample, error) {
	words, err := e.command(c, args...)
	if err != nil {
		return nil, err
	}
	cpus := []int{e.ServerCPU, e.LoadCPU}
	mine := cpus[:1]
	if both {
		mine = cpus
	}
	began := time.Now()
	busy, err1 := harness.BusyTime(mine...)
	line, cpu, err := harness.Run(ctx, mine, e.limit(), c.Program.Name, words[0], words[1:]...)
	if err != nil {
		return nil, err
	}
	sample, err := parse(line)
	if after, err2 := harness.BusyTime(mine...); err == nil && err1 == nil && err2 == nil {
		others := after - busy - cpu
		sample[Others] = max(0, others.Seconds()/(float64(len(mine))*time.Since(began).Seconds()))
	}
	return sample, err
}

// Hold runs a load that opens idle connections, prints "ready", and keeps them until its standard input ends: when fn has returned.
func (s *Server) Hold(ctx context.Context, c Command, args []string, fn func() error) error {
	words, err := s.env.command(c, args...)
	if err != nil {
		return err
	}
	return harness.Hold(ctx, []int{s.env.LoadCPU}, c.Program.Name, words[0], words[1:], fn)
}

// parse turns a load's line into a sample.
func parse(line string) (Sample, error) {
	l, err := harness.ParseLoad(line)
	if err != nil {
		return nil, err
	}
	sample := Sample{Rate: l.Ops / l.Seconds, Seconds: l.Seconds, Stalled: float64(l.Stalled)}
	for f, v := range map[Figure]float64{
		CPU: 1e6 * l.ServerCPU / l.Ops, P50: l.P50, P75: l.P75, P90: l.P90, P99: l.P99, P999: l.P999, Max: l.Max, Allocs: l.Allocs,
		Used: l.ServerCPU / l.Seconds, Loader: l.LoaderCPU / l.Seconds,
	} {
		if v > 0 { // what a load does not print is not known
			sample[f] = v
		}
	}
	return sample, nil
}

// WindowC are the flags of the loads in C for the window, in milliseconds, and for the server whose CPU time they read.
func (s *Server) WindowC() []string {
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	return []string{"--warmup", ms(s.env.Warmup), "--duration", ms(s.env.Duration), "--server-pid", strconv.Itoa(s.PID)}
}

// WindowGo are the same of the loads in Go, such as serverload.
func (s *Server) WindowGo() []string {
	w := []string{"-warmup", s.env.Warmup.String(), "-duration", s.env.Duration.String(), "-server-pid", strconv.Itoa(s.PID)}
	if s.Control != "" {
		w = append(w, "-control", s.Control)
	}
	return w
}
