package book

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// A Book is everything that can be measured.
type Book struct {
	Peers     []Peer     // in the order of tables and charts
	Workloads []Workload // in the order of the page
}

// A Peer is something that is compared: a library with its version and settings.
type Peer struct {
	Name     string // as PEERS and the tables have it: uvgo, libuv, uvloop-streams
	Title    string // libuv in C, uvloop, streams
	Language string // C, Go or Python
	Own      bool   // it is one of uvgo's packages
	Settings string // what its author recommends and the programs do: one sentence, which the page prints
	// Version finds the peer on this machine. Its error is the reason why the peer is absent, for which
	// the page shows it: it is one line, and says what to install. [GoModule], [Libuv] and [Python] make such functions.
	Version func(ctx context.Context, v *Versions) (string, error)
}

// A Workload is one table of the page: the same work on several peers.
type Workload struct {
	Name   string // echo-64B-100: what ONLY matches
	Group  string // echo: the chapter of the page, and the family of a chart
	Title  string // echo of 64 B, 100 connections
	Op     string // what an operation is, in the singular: echo, request, timer
	Method string // one or two sentences: who does what, and what is verified
	Note   string // what a reader has to know of the results: where uvgo loses and why. Empty for nothing

	// Parameters, for the charts; 0 where they say nothing.
	Size  int // bytes of a message
	Conns int // connections at a time
	Depth int // messages under way on a connection

	Figure  Figure // the main one, by which the peers are compared; empty is Rate
	Subject string // the peer of uvgo's whose ratios to the others are printed
	Targets []Target

	// Servers are the programs of the peers that take part, by the peer's name. Loads are the other programs that Run needs. All are
	// built before the first round. A peer whose program cannot be built is absent.
	Servers map[string]Command
	Loads   []Program

	Quick  bool          // part of bench-quick
	Rounds int           // at most so many; 0 is as many as there are
	Takes  time.Duration // about how long a run takes beside the window; 0 is 300 ms
	Fixed  bool          // a run has no window (warm-up and duration); it takes what Takes says

	// Run measures one peer once. The context ends it. It starts what it needs by env, which pins it, and must leave no process behind.
	// An error is what is shown instead of figures: a wrong echo, a server that ended.
	Run func(ctx context.Context, p Peer, env *Env) (Sample, error)
}

// A Target bounds the ratio of the subject's figure to another peer's. Ratios are those of the rounds, and their median counts.
type Target struct {
	Over   string  // the other peer
	Figure Figure  // empty is the workload's
	Least  float64 // the ratio must reach it; 0 for none
	Most   float64 // the ratio must not exceed it; 0 for none
}

// Main is the workload's main figure.
func (w *Workload) Main() Figure {
	if w.Figure == "" {
		return Rate
	}
	return w.Figure
}

// of is the figure that a target bounds.
func (t Target) of(w *Workload) Figure {
	if t.Figure == "" {
		return w.Main()
	}
	return t.Figure
}

// peer finds a peer by its name.
func (b *Book) peer(name string) (Peer, bool) {
	i := slices.IndexFunc(b.Peers, func(p Peer) bool { return p.Name == name })
	if i < 0 {
		return Peer{}, false
	}
	return b.Peers[i], true
}

// workload finds a workload by its name.
func (b *Book) workload(name string) *Workload {
	i := slices.IndexFunc(b.Workloads, func(w Workload) bool { return w.Name == name })
	if i < 0 {
		return nil
	}
	return &b.Workloads[i]
}

// nameForm is the form of the names of peers and workloads: they are in file names and regular expressions.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9./-]*$`)

// Check finds mistakes in the lists: names that are used twice, peers and figures that do not exist, bounds that are none.
func (b *Book) Check() error {
	var all []error
	bad := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	seen := map[string]bool{}
	for _, p := range b.Peers {
		if !nameForm.MatchString(p.Name) || p.Title == "" || p.Language == "" || p.Version == nil || seen[p.Name] {
			bad("peer %q: a name twice, or a field that is missing", p.Name)
		}
		seen[p.Name] = true
	}
	seen = map[string]bool{}
	for i := range b.Workloads {
		w := &b.Workloads[i]
		if !nameForm.MatchString(w.Name) || w.Group == "" || w.Title == "" || w.Op == "" || w.Method == "" || w.Run == nil || seen[w.Name] {
			bad("workload %q: a name twice, or a field that is missing", w.Name)
		}
		seen[w.Name] = true
		if !w.Main().known() {
			bad("workload %s: no figure %q", w.Name, w.Figure)
		}
		for name, c := range w.Servers {
			if _, ok := b.peer(name); !ok {
				bad("workload %s: no peer %q", w.Name, name)
			}
			if err := c.check(); err != nil {
				bad("workload %s, %s: %w", w.Name, name, err)
			}
		}
		if _, ok := w.Servers[w.Subject]; !ok {
			bad("workload %s: its subject %q does not take part", w.Name, w.Subject)
		}
		for _, t := range w.Targets {
			if _, ok := w.Servers[t.Over]; !ok || !t.of(w).known() || (t.Least > 0) == (t.Most > 0) || t.Over == w.Subject {
				bad("workload %s: target %+v", w.Name, t)
			}
		}
	}
	return errors.Join(all...)
}
