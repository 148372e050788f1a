package page

import (
	"fmt"
	"math"
	"slices"

	"github.com/uvgo/uvgo/bench/internal/book"
	"github.com/uvgo/uvgo/bench/internal/harness"
)

// A side is a column of the first table: the peers that stand for it, of which a workload has one.
type side struct {
	title string
	peers []string
}

var sides = []side{
	{"libuv in C", []string{"libuv"}},
	{"Go's library", []string{"net", "net/http", "std"}},
	{"best other Go library", nil},
	{"uvloop, protocol", []string{"uvloop-protocol", "uvicorn", "uvloop"}},
	{"uvloop, streams", []string{"uvloop-streams"}},
	{"asyncio, streams", []string{"asyncio-streams", "asyncio"}},
}

// standard are Go's own packages, which have a column of their own.
var standard = []string{"net", "net/http", "std"}

// shown are the charts of the first screen, by their workloads' names.
var shown = []string{"echo-64B-1000", "http-text-100"}

// first writes the first screen.
func (w *writer) first() error {
	run := w.results.Runs[w.results.Main()]
	w.para("# Benchmarks")
	w.para("uvgo beside what it may be compared with, by `make bench-book`: one command, all programs, one machine. [The method](#method) is below, and " +
		"[how to run one cell again](#run-it-again). This page is made from [bench/results.json](../bench/results.json), which has every round.")
	w.para("%s, commit %s, %d rounds of %s for each cell, on %s. %s", run.Date, run.Commit, run.Rounds, run.Window, w.results.Machine, run.Quiet())
	if run.Others > book.NoisyShare {
		w.para("**This run is doubtful**: other programs had much of the CPUs while it was made. What it says of throughput and latency is about them as much as about the peers: " +
			"read the ratios by CPU time, in parentheses, and the memory.")
	}
	w.para("## The figures that matter")
	w.para("How many times as much uvgo does in a second as each of the others: above 1 uvgo is faster; of memory less is better. In parentheses the same by CPU time for " +
		"an operation: the other's over uvgo's, which a busy machine changes less. Each server had one CPU.")
	titles := []string{"workload", "uvgo", "CPU µs"}
	for _, s := range sides {
		titles = append(titles, s.title)
	}
	w.head(titles...)
	for i := range w.book.Workloads {
		if load := &w.book.Workloads[i]; load.Quick && w.results.Cell(load.Name, load.Subject) != nil {
			w.summary(load)
		}
	}
	w.line("")
	w.claim()
	for _, name := range shown {
		for i := range w.book.Workloads {
			if load := &w.book.Workloads[i]; load.Name == name {
				if err := w.bars(load); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// summary writes a workload's row of the first table.
func (w *writer) summary(load *book.Workload) {
	cell := w.results.Cell(load.Name, load.Subject)
	fields := []string{load.Title, amount(load, cell.Median(load.Main())), harness.Fixed(cell.Median(book.CPU), 1)}
	for _, s := range sides {
		peer := w.side(load, s)
		text := ""
		if peer != "" {
			if q := w.results.Ratio(load.Name, load.Subject, peer, load.Main()); !math.IsNaN(q.Median) {
				text = "**" + book.Times(q) + "**"
				if s.peers == nil {
					text += " " + peer
				}
				if c := w.results.ByCPU(load, peer); !math.IsNaN(c.Median) {
					text += " (" + book.Times(c) + ")"
				}
			}
		}
		fields = append(fields, text)
	}
	w.row(fields...)
}

// side is the peer that stands for a side in a workload; "" if none was measured.
func (w *writer) side(load *book.Workload, s side) (best string) {
	top := math.NaN()
	for _, p := range w.book.Peers {
		v := w.results.Cell(load.Name, p.Name)
		if v == nil || math.IsNaN(v.Median(load.Main())) {
			continue
		}
		if slices.Contains(s.peers, p.Name) {
			return p.Name
		}
		other := s.peers == nil && p.Language == "Go" && !p.Own && !slices.Contains(standard, p.Name)
		m := v.Median(load.Main())
		if other && (math.IsNaN(top) || (m > top) != load.Main().Less()) {
			best, top = p.Name, m
		}
	}
	return best
}

// claim writes what became of the claim that uvgo was made after.
func (w *writer) claim() {
	const load = "echo-64B-1000"
	q := w.results.Ratio(load, "uvloop-streams", "asyncio-streams", book.Rate)
	if math.IsNaN(q.Median) {
		return
	}
	w.para("**The claim that began it** is that uvloop makes asyncio 2 to 4 times as fast. Streams on 1,000 connections, run again here: uvloop does **%s** times as much as "+
		"asyncio, and uvgo **%s** times as much as asyncio and **%s** times as much as uvloop.", book.Times(q),
		book.Times(w.results.Ratio(load, "uvgo", "asyncio-streams", book.Rate)), book.Times(w.results.Ratio(load, "uvgo", "uvloop-streams", book.Rate)))
	cpu := func(peer string) string { return harness.Fixed(w.results.Cell(load, peer).Median(book.CPU), 1) }
	w.para("CPU time for an echo there: uvgo %s µs, uvloop's protocol %s, its streams %s, asyncio's streams %s.", cpu("uvgo"), cpu("uvloop-protocol"), cpu("uvloop-streams"), cpu("asyncio-streams"))
}

// amount is a main figure with its unit.
func amount(load *book.Workload, v float64) string {
	if load.Main() == book.Rate {
		return harness.Thousands(v) + "/s"
	}
	return fmt.Sprintf("%s %s", harness.Thousands(v), load.Main().Unit())
}
