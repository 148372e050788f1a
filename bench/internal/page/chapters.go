package page

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/uvgo/uvgo/bench/internal/book"
)

// chapters writes each group of workloads: first the charts of the group, then each workload.
func (w *writer) chapters() error {
	w.para("## All figures")
	w.para("Medians of the rounds. ± is half of the distance between the lowest and the highest round, as a share of the median. *uvgo/it* is the first peer's figure over " +
		"this one's, the median of the rounds' ratios. CPU is the server's for one operation, with its time in the kernel, and *by CPU* is this one's over the first peer's; *server* and *load* are the shares of their CPUs " +
		"that they used, and *others* what other programs and the hypervisor used of both. *peak memory* is the largest resident memory of the server's process. " +
		"*events/crossing* says how many events each call from Go into C carried. The thin line of a bar goes from its lowest to its highest round.")
	var groups []string
	for _, load := range w.book.Workloads {
		if !slices.Contains(groups, load.Group) {
			groups = append(groups, load.Group)
		}
	}
	for _, g := range groups {
		var loads []*book.Workload
		for i := range w.book.Workloads {
			if load := &w.book.Workloads[i]; load.Group == g && w.measured(load) {
				loads = append(loads, load)
			}
		}
		if len(loads) == 0 {
			continue
		}
		w.para("### %s", strings.ToUpper(g[:1])+g[1:])
		if err := w.families(g, loads); err != nil {
			return err
		}
		for _, load := range loads {
			if err := w.workload(load); err != nil {
				return err
			}
		}
	}
	return nil
}

// measured reports whether a workload has cells.
func (w *writer) measured(load *book.Workload) bool {
	return slices.ContainsFunc(w.results.Cells, func(c book.Result) bool { return c.Workload == load.Name })
}

// workload writes one workload.
func (w *writer) workload(load *book.Workload) error {
	w.para("#### %s", load.Title)
	w.para("`%s`. %s%s", load.Name, load.Method, w.when(load))
	if load.Note != "" {
		w.para("%s", load.Note)
	}
	if !slices.Contains(shown, load.Name) {
		if err := w.bars(load); err != nil {
			return err
		}
	}
	if load.Quick {
		if err := w.latency(load); err != nil {
			return err
		}
	}
	t := w.results.Table(w.book, load)
	t.Head[slices.Index(t.Head, "over it")] = load.Subject + "/it"
	w.head(t.Head...)
	for _, row := range t.Rows {
		for len(row) < len(t.Head) {
			row = append(row, "")
		}
		w.row(row...)
	}
	w.line("")
	if full := w.full(load); full != "" {
		w.para("At its limit was the load, and not the server, for %s: these would do more with a faster load.", full)
	}
	return nil
}

// when says that a workload's cells are of another run than most.
func (w *writer) when(load *book.Workload) string {
	for _, c := range w.results.Cells {
		if c.Workload == load.Name && c.Run != w.results.Main() {
			run := w.results.Runs[c.Run]
			return fmt.Sprintf(" Measured again: %s, commit %s, %d rounds of %s.", run.Date, run.Commit, run.Rounds, run.Window)
		}
	}
	return ""
}

// full lists the peers whose load was at its limit while they were not.
func (w *writer) full(load *book.Workload) string {
	var names []string
	for _, p := range w.book.Peers {
		c := w.results.Cell(load.Name, p.Name)
		if c == nil || math.IsNaN(c.Median(book.Loader)) || load.Conns == 1 {
			continue
		}
		if c.Median(book.Loader) > 0.97 && c.Median(book.Used) < 0.95 {
			names = append(names, p.Name)
		}
	}
	return strings.Join(names, ", ")
}
