package book

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// A runner measures.
type runner struct {
	Options
	env     Env
	results *Results
	log     io.Writer
	began   time.Time
	rows    []row
}

// Measure builds what options ask for, measures it in rounds and returns the results. It tells on log what it does. When the context ends it
// returns what it has measured so far, with the context's error.
func (b *Book) Measure(ctx context.Context, o Options, log io.Writer) (*Results, error) {
	if err := b.Check(); err != nil {
		return nil, err
	}
	workloads, peers, err := b.choose(o)
	if err != nil {
		return nil, err
	}
	r := &runner{Options: o, log: log, results: &Results{Machine: ThisMachine()}}
	if r.env.ServerCPU, r.env.LoadCPU, err = harness.PickCPUs(); err != nil {
		return nil, err
	}
	if r.env.Idle, err = idle(o.Idle); err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp("", "bench-book-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	v := NewVersions(o.Dir)
	run := Run{Commit: Commit(ctx, o.Dir), Command: o.Command, Warmup: o.Warmup.String(), Versions: v.all(ctx), Nice: priority()}
	if r.rows, err = r.prepare(ctx, v, tmp, workloads, peers); err != nil {
		return nil, err
	}
	r.env.Warmup, r.env.Duration = o.Warmup, o.window(r.rows)
	r.began = time.Now()
	run.Window, run.Date = r.env.Duration.String(), r.began.UTC().Format("2006-01-02 15:04")
	run.Rounds = r.rounds(ctx)
	if last := r.env.Duration.String(); last != run.Window {
		run.Window = last + " to " + run.Window
	}
	run.Took = time.Since(r.began).Round(time.Second).String()
	run.Others, run.Noisy = r.results.quiet()
	r.results.Runs = []Run{run}
	r.results.tidy(b)
	return r.results, ctx.Err()
}

// priority is the nice value of this process, which all programs inherit, or that of its session, by which Linux shares CPUs among sessions.
func priority() int {
	if n, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0); err == nil && n != 20 {
		return 20 - n // as the system call returns it
	}
	text, _ := os.ReadFile("/proc/self/autogroup")
	_, nice, _ := strings.Cut(strings.TrimSpace(string(text)), " nice ")
	n, _ := strconv.Atoi(nice)
	return n
}

// idle is how many idle connections the limit of open files allows.
func idle(want int) (int, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	const others = 200 // descriptors of a server that are no connections
	return min(want, max(1, int(limit.Cur)-others)), nil
}

// prepare asks for the versions of the peers, builds the programs of those that are there, and returns the rows to measure.
func (r *runner) prepare(ctx context.Context, v *Versions, out string, workloads []*Workload, peers []Peer) (rows []row, err error) {
	r.env.programs = &built{dir: r.Dir, make: harness.NewBuilder(ctx, r.Dir, out), words: map[string][]string{}, errs: map[string]error{}}
	for _, p := range peers {
		f := Found{Name: p.Name}
		if f.Version, err = p.Version(ctx, v); err != nil {
			f.Version, f.Absent = "", firstLine(err)
			fmt.Fprintf(r.log, "%s is absent: %s\n", p.Name, f.Absent)
		}
		r.results.Peers = append(r.results.Peers, f)
	}
	for _, w := range workloads {
		for _, load := range w.Loads {
			if err := r.env.programs.build(load, v.Python); err != nil {
				return nil, err
			}
		}
		next := row{w: w}
		for _, p := range peers {
			c, takesPart := w.Servers[p.Name]
			if !takesPart || r.results.Found(p.Name).Absent != "" {
				continue
			}
			if err := r.env.programs.build(c.Program, v.Python); err != nil {
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				r.fail(w.Name, p.Name, err)
				continue
			}
			next.cells = append(next.cells, &cell{w: w, peer: p})
		}
		if len(next.cells) > 0 {
			rows = append(rows, next)
		}
	}
	if len(rows) == 0 {
		return nil, errors.New("none of the peers takes part in these workloads, or all are absent")
	}
	return rows, ctx.Err()
}

// fail notes why a cell has no sample.
func (r *runner) fail(workload, peer string, err error) {
	r.cell(workload, peer).Failed = firstLine(err)
	fmt.Fprintf(r.log, "%s, %s: %v\n", workload, peer, err)
}

// cell is the result of a cell, made when it is asked for first.
func (r *runner) cell(workload, peer string) *Result {
	if c := r.results.Cell(workload, peer); c != nil {
		return c
	}
	r.results.Cells = append(r.results.Cells, Result{Workload: workload, Peer: peer})
	return r.results.Cell(workload, peer)
}

// rounds measures round after round and returns how many were begun.
func (r *runner) rounds(ctx context.Context) (done int) {
	fmt.Fprintf(r.log, "server on CPU %d, load on CPU %d; %d cells, windows of %v; about %v a round\n", r.env.ServerCPU, r.env.LoadCPU, cells(r.rows),
		r.env.Duration, estimate(r.rows, r.env.Warmup, r.env.Duration, 1).Round(time.Second))
	var took time.Duration
	for r.another(done, took, r.Budget-time.Since(r.began)) && ctx.Err() == nil {
		began := time.Now()
		r.round(ctx, done, took)
		done++
		took = time.Since(began)
		if r.Window == 0 {
			r.env.Duration = shorter(r.env.Duration, cells(r.rows), r.wanted()-done, took, r.Budget-time.Since(r.began))
		}
	}
	return done
}

func cells(rows []row) (n int) {
	for _, row := range rows {
		n += len(row.cells)
	}
	return n
}

// round measures each cell once. Peers that are compared run within seconds of each other, and each round begins with another one. before is how
// long the last round took, 0 in the first.
func (r *runner) round(ctx context.Context, round int, before time.Duration) {
	began, whole := time.Now(), estimate(r.rows, r.env.Warmup, r.env.Duration, 1)
	for i, row := range r.rows {
		if row.w.Rounds > 0 && round >= row.w.Rounds {
			continue
		}
		var line strings.Builder
		for _, c := range harness.Rotate(row.cells, round) {
			sample, err := r.measure(ctx, c, round)
			if ctx.Err() != nil {
				return
			}
			if err == nil {
				fmt.Fprintf(&line, "  %s %s", c.peer.Name, harness.Thousands(sample[c.w.Main()]))
			}
		}
		share := float64(estimate(r.rows[:i+1], r.env.Warmup, r.env.Duration, 1)) / float64(whole)
		each := before // what a round takes
		if each == 0 {
			each = max(whole, time.Duration(float64(time.Since(began))/share))
		}
		left := max(0, each-time.Since(began)) + time.Duration(max(0, r.wanted()-round-1))*each
		fmt.Fprintf(r.log, "round %d of %d, %v left  %s:%s\n", round+1, max(r.wanted(), round+1), left.Round(time.Second), row.w.Name, line.String())
	}
}

// wanted is how many rounds there are at least.
func (r *runner) wanted() int {
	if r.Rounds > 0 {
		return r.Rounds
	}
	return LeastRounds
}

// A cell may take cellTimes as long as planned, as on a busy machine, and cellLimit more. One that takes longer has failed, and is not tried again.
const (
	cellTimes = 3
	cellLimit = 20 * time.Second
)

// measure measures a cell in one round, and adds the sample to the results.
func (r *runner) measure(ctx context.Context, c *cell, round int) (sample Sample, err error) {
	result := r.cell(c.w.Name, c.peer.Name)
	if c.gaveUp {
		result.Samples = append(result.Samples, Sample{})
		return nil, errors.New(result.Failed)
	}
	env := r.env
	env.Round = round
	limit := cellTimes*c.w.takes(env.Warmup, env.Duration) + cellLimit
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	sample, err = c.w.Run(bounded, c.peer, &env)
	if ctx.Err() != nil {
		return nil, ctx.Err() // the round's sample is missing, and no failure
	}
	if bounded.Err() != nil {
		c.gaveUp = true
		err = fmt.Errorf("it did not end within %v: %w", limit, errors.Join(bounded.Err(), err))
	}
	if err != nil {
		result.Samples = append(result.Samples, Sample{})
		r.fail(c.w.Name, c.peer.Name, err)
		return nil, err
	}
	result.Samples = append(result.Samples, sample.brief())
	return sample, nil
}

// firstLine is an error in one line.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// quiet says how much other programs used: the median over all samples, and the share of those in which it was too much.
func (r *Results) quiet() (median, noisy float64) {
	var v []float64
	n := 0
	for i := range r.Cells {
		for _, o := range r.Cells[i].values(Others) {
			v = append(v, o)
			if o > NoisyShare {
				n++
			}
		}
	}
	if len(v) == 0 {
		return 0, 0
	}
	short := Sample{"median": harness.Median(v), "noisy": float64(n) / float64(len(v))}.brief()
	return short["median"], short["noisy"]
}
