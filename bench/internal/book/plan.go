package book

import (
	"fmt"
	"slices"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// Options are what a run is told.
type Options struct {
	Dir     string   // this module's directory
	Only    string   // regular expression on the workloads' names
	Peers   []string // only these; all if empty
	Quick   bool     // only the quick workloads
	Rounds  int      // so many; 0 is as many as the budget has time for, from LeastRounds to MostRounds
	Warmup  time.Duration
	Window  time.Duration // 0: what the budget has time for, between leastWindow and mostWindow
	Budget  time.Duration // for all rounds
	Idle    int           // connections of workloads with idle ones
	Command string        // the command line, for the reader who wants to run it again
}

// Limits of what a plan chooses.
const (
	LeastRounds = 3
	MostRounds  = 9
	leastWindow = 250 * time.Millisecond
	mostWindow  = 500 * time.Millisecond
)

// A cell is a workload on a peer.
type cell struct {
	w      *Workload
	peer   Peer
	gaveUp bool // it took so long that it is not tried again
}

// A row is a workload with the peers that are measured.
type row struct {
	w     *Workload
	cells []*cell
}

// takes is about how long a cell takes with a window.
func (w *Workload) takes(warmup, window time.Duration) time.Duration {
	t := w.Takes
	if t == 0 {
		t = 300 * time.Millisecond
	}
	if !w.Fixed {
		t += warmup + window
	}
	return t
}

// choose returns the workloads and the peers that options ask for.
func (b *Book) choose(o Options) (workloads []*Workload, peers []Peer, err error) {
	list, err := harness.Select(b.Workloads, func(w Workload) string { return w.Name }, o.Only, 1)
	if err != nil {
		return nil, nil, fmt.Errorf("%w (bench-book -list prints the names)", err)
	}
	for _, w := range list {
		if !o.Quick || w.Quick || o.Only != "" {
			workloads = append(workloads, b.workload(w.Name))
		}
	}
	for _, name := range o.Peers {
		if _, ok := b.peer(name); !ok {
			return nil, nil, fmt.Errorf("no peer %q (bench-book -list prints the names)", name)
		}
	}
	for _, p := range b.Peers {
		takesPart := slices.ContainsFunc(workloads, func(w *Workload) bool { _, ok := w.Servers[p.Name]; return ok })
		if takesPart && (len(o.Peers) == 0 || slices.Contains(o.Peers, p.Name)) {
			peers = append(peers, p)
		}
	}
	return workloads, peers, nil
}

// estimate is about how long so many rounds of rows take.
func estimate(rows []row, warmup, window time.Duration, rounds int) (sum time.Duration) {
	for _, r := range rows {
		n := rounds
		if r.w.Rounds > 0 {
			n = min(n, r.w.Rounds)
		}
		sum += time.Duration(n*len(r.cells)) * r.w.takes(warmup, window)
	}
	return sum
}

// window is the longest window for which the least rounds fit the budget.
func (o Options) window(rows []row) time.Duration {
	if o.Window > 0 {
		return o.Window
	}
	rounds := max(o.Rounds, LeastRounds)
	for w := mostWindow; w > leastWindow; w -= 10 * time.Millisecond {
		if estimate(rows, o.Warmup, w, rounds) <= o.Budget {
			return w
		}
	}
	return leastWindow
}

// shorter is the window for the rounds that are left, of so many cells each, if they must be shorter than the last one, which took so long, to end in time.
func shorter(window time.Duration, cells, rounds int, took, left time.Duration) time.Duration {
	for window > leastWindow && time.Duration(rounds)*took > left {
		window -= 10 * time.Millisecond
		took -= time.Duration(cells) * 10 * time.Millisecond
	}
	return window
}

// another reports whether a round begins. done are those that are over, and took is how long the last one took.
func (o Options) another(done int, took, left time.Duration) bool {
	if o.Rounds > 0 {
		return done < o.Rounds
	}
	return done < LeastRounds || done < MostRounds && took <= left
}
