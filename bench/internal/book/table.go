package book

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// A Table is a workload's results as text.
type Table struct {
	Head []string
	Rows [][]string // the first field is the peer's name
}

// Table makes the table of a workload: a row for each peer that takes part, and the columns that any of them has.
func (r *Results) Table(b *Book, w *Workload) Table {
	main := w.Main()
	var shown []column
	for _, c := range columns {
		for _, p := range b.Peers {
			if cell := r.Cell(w.Name, p.Name); cell != nil && !math.IsNaN(cell.Median(c.figure)) && !(c.figure == Stalled && cell.Median(Stalled) == 0) {
				shown = append(shown, c)
				break
			}
		}
	}
	t := Table{Head: []string{"peer"}}
	for _, c := range shown {
		title := c.title
		if c.figure == Rate {
			title = w.Op + "/s"
		}
		t.Head = append(t.Head, title)
		if c.figure == main {
			t.Head = append(t.Head, "±", "over it")
		}
		if c.figure == CPU {
			t.Head = append(t.Head, "by CPU")
		}
	}
	for _, p := range b.Peers {
		if _, ok := w.Servers[p.Name]; !ok {
			continue
		}
		cell := r.Cell(w.Name, p.Name)
		fields := []string{p.Name}
		if cell == nil || len(cell.values(main)) == 0 {
			t.Rows = append(t.Rows, append(fields, r.why(cell, p.Name)))
			continue
		}
		for _, c := range shown {
			fields = append(fields, c.text(cell.Median(c.figure)))
			if c.figure == main {
				ratio := r.Ratio(w.Name, w.Subject, p.Name, main)
				over := Times(ratio)
				if p.Name == w.Subject {
					over = ""
				}
				fields = append(fields, harness.Percent(cell.Spread(main)), over)
			}
			if c.figure == CPU {
				over := ""
				if p.Name != w.Subject {
					over = Times(r.ByCPU(w, p.Name))
				}
				fields = append(fields, over)
			}
		}
		t.Rows = append(t.Rows, fields)
	}
	return t
}

// why says why a cell has no figures.
func (r *Results) why(cell *Result, peer string) string {
	switch f := r.Found(peer); {
	case f.Absent != "":
		return "absent: " + f.Absent
	case cell != nil && cell.Failed != "":
		return "failed: " + cell.Failed
	}
	return "not measured"
}

// Times is a ratio as text. A star marks one of cells that different runs measured.
func Times(q Ratio) string {
	text := harness.Fixed(q.Median, 2)
	if q.Apart && !math.IsNaN(q.Median) {
		text += "*"
	}
	return text
}

// text is a figure with its column's number of digits.
func (c column) text(v float64) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case c.figure == Peak:
		return harness.Fixed(v/(1<<20), 1) + " MiB"
	case c.decimals < 0:
		return harness.Percent(v)
	case c.decimals == 0 && v < 10 && v != math.Trunc(v):
		return harness.Fixed(v, 1)
	case c.decimals == 0:
		return harness.Thousands(v)
	}
	return harness.Fixed(v, c.decimals)
}

// Print writes the tables of all workloads that were measured, for a terminal.
func (r *Results) Print(out io.Writer, b *Book) {
	for i := range b.Workloads {
		w := &b.Workloads[i]
		if !r.measured(w) {
			continue
		}
		fmt.Fprintf(out, "\n%s (%s)\n\n", w.Title, w.Name)
		t := r.Table(b, w)
		tw := harness.Tabs(out)
		fmt.Fprintln(tw, strings.Join(t.Head, "\t")+"\t")
		for _, row := range t.Rows {
			fmt.Fprintln(tw, strings.Join(row, "\t")+"\t")
		}
		tw.Flush()
	}
	for _, run := range r.Runs {
		fmt.Fprintf(out, "\n%s, commit %s, %d rounds of %s in %s. %s\n", run.Date, run.Commit, run.Rounds, run.Window, run.Took, run.Quiet())
	}
}

// measured reports whether any peer was measured at a workload, or failed.
func (r *Results) measured(w *Workload) bool {
	for _, c := range r.Cells {
		if c.Workload == w.Name {
			return true
		}
	}
	return false
}

// Quiet says how busy other programs were in a run.
func (run Run) Quiet() string {
	text := fmt.Sprintf("Other programs and the hypervisor used %s of the two CPUs (median of all cells), and more than %s in %s of the cells.",
		harness.Percent(run.Others), harness.Percent(NoisyShare), harness.Percent(run.Noisy))
	if run.Others > NoisyShare {
		text += " The figures are doubtful: CPU times suffer least from that."
	}
	return text
}

// PrintTargets writes the targets with what was measured, and returns how many are missed.
func (r *Results) PrintTargets(out io.Writer, b *Book) (missed int) {
	tw := harness.Tabs(out)
	fmt.Fprintln(tw, "workload\tfigure\tover\tratio\tlowest\thighest\tby CPU\ttarget\toutcome\t")
	for _, v := range r.Verdicts(b) {
		if v.Outcome() == Missed {
			missed++
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", v.Workload.Name, v.Figure.Title(v.Workload), v.Target.Over, Times(v.Ratio), harness.Fixed(v.Ratio.Low, 2),
			harness.Fixed(v.Ratio.High, 2), Times(r.ByCPU(v.Workload, v.Target.Over)), v.Target.Bound(), v.Text())
	}
	tw.Flush()
	return missed
}

// Text is the outcome with what a reader has to know of it.
func (v Verdict) Text() string {
	switch {
	case v.Outcome() == NotMeasured && v.Peer.Absent != "":
		return NotMeasured + ": absent"
	case v.Outcome() == NotMeasured && v.Failed != "":
		return NotMeasured + ": failed"
	case v.Open():
		return v.Outcome() + ", rounds differ"
	}
	return v.Outcome()
}

// Title is a figure's name for readers.
func (f Figure) Title(w *Workload) string {
	if f == Rate {
		return w.Op + "/s"
	}
	for _, c := range columns {
		if c.figure == f {
			return c.title
		}
	}
	return string(f)
}
