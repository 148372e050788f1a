package page

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"

	"github.com/uvgo/uvgo/bench/internal/book"
	"github.com/uvgo/uvgo/bench/internal/chart"
	"github.com/uvgo/uvgo/bench/internal/harness"
)

// kind is the colour of a peer's bar.
func kind(load *book.Workload, p book.Peer) chart.Kind {
	switch {
	case p.Name == load.Subject:
		return chart.Subject
	case p.Own:
		return chart.Own
	case p.Language == "C":
		return chart.InC
	case p.Language == "Python":
		return chart.InPython
	}
	return chart.InGo
}

// bars draws a workload's main figure, if there are two peers to compare.
func (w *writer) bars(load *book.Workload) error {
	var bars []chart.Bar
	f := load.Main()
	for _, p := range w.book.Peers {
		c := w.results.Cell(load.Name, p.Name)
		if c == nil || math.IsNaN(c.Median(f)) {
			continue
		}
		text := amount(load, c.Median(f))
		if cpu := c.Median(book.CPU); !math.IsNaN(cpu) {
			text += ", CPU " + harness.Fixed(cpu, 1) + " µs"
		}
		low, high := c.Range(f)
		bars = append(bars, chart.Bar{Label: p.Name, Value: c.Median(f), Low: low, High: high, Text: text, Kind: kind(load, p)})
	}
	if len(bars) < 2 {
		return nil
	}
	axis := f.Title(load) + ": more is better"
	if f.Less() {
		axis = f.Title(load) + ": less is better"
	}
	svg, err := chart.Bars(load.Title, axis, bars)
	if err == nil {
		w.image(load.Name, load.Title+": "+axis, svg)
	}
	return err
}

// quantiles are the points of a latency distribution.
var quantiles = []struct {
	figure book.Figure
	label  string
}{{book.P50, "50 %"}, {book.P75, "75 %"}, {book.P90, "90 %"}, {book.P99, "99 %"}, {book.P999, "99.9 %"}}

// latency draws the distributions of a workload's latencies, if it has any.
func (w *writer) latency(load *book.Workload) error {
	frame := chart.Frame{Title: "Latency: " + load.Title, X: "so many operations take no longer", Y: "µs", LogY: true}
	for i, q := range quantiles {
		frame.XTicks = append(frame.XTicks, plot.Tick{Value: float64(i), Label: q.label})
	}
	var lines []chart.Line
	for n, p := range w.book.Peers {
		c := w.results.Cell(load.Name, p.Name)
		if c == nil || math.IsNaN(c.Median(book.P999)) {
			continue
		}
		l := chart.Line{Label: p.Name, Series: n, Strong: p.Name == load.Subject}
		for i, q := range quantiles {
			l.X, l.Y = append(l.X, float64(i)), append(l.Y, c.Median(q.figure))
		}
		lines = append(lines, l)
	}
	if len(lines) < 2 {
		return nil
	}
	svg, err := chart.Lines(frame, lines)
	if err == nil {
		w.image("latency-"+load.Name, frame.Title, svg)
	}
	return err
}

// A family are the workloads of a group that differ by their number of connections only.
type family struct {
	size  int
	loads []*book.Workload
}

// families draws what depends on the number of connections, for each size of message of which there are three numbers.
func (w *writer) families(group string, loads []*book.Workload) error {
	var list []*family
	for _, load := range loads {
		if load.Conns == 0 || load.Depth > 1 || load.Main() != book.Rate {
			continue
		}
		var f *family
		for _, g := range list {
			if g.size == load.Size {
				f = g
			}
		}
		if f == nil {
			f = &family{size: load.Size}
			list = append(list, f)
		}
		f.loads = append(f.loads, load)
	}
	for _, f := range list {
		if len(f.loads) < 3 {
			continue
		}
		of := ""
		if f.size > 0 {
			of = ", messages of " + size(f.size)
		}
		frame := chart.Frame{Title: "Throughput over connections: " + group + of, X: "connections", Y: f.loads[0].Op + "/s", LogX: true}
		name := fmt.Sprintf("%s-%d", group, f.size)
		if err := w.over(f, frame, "rate-"+name, book.Rate, 1); err != nil {
			return err
		}
		frame.Title, frame.Y, frame.LogY = "Memory over connections: "+group+of, "MiB, the server's peak", true
		if err := w.over(f, frame, "memory-"+name, book.Peak, 1<<20); err != nil {
			return err
		}
	}
	return nil
}

// over draws a figure over the numbers of connections.
func (w *writer) over(f *family, frame chart.Frame, name string, figure book.Figure, unit float64) error {
	var lines []chart.Line
	seen := map[float64]bool{}
	for n, p := range w.book.Peers {
		l := chart.Line{Label: p.Name, Series: n}
		for _, load := range f.loads {
			c := w.results.Cell(load.Name, p.Name)
			if v := c.Median(figure); !math.IsNaN(v) {
				l.X, l.Y = append(l.X, float64(load.Conns)), append(l.Y, v/unit)
				l.Strong = l.Strong || p.Name == load.Subject
				seen[float64(load.Conns)] = true
			}
		}
		if len(l.X) > 1 {
			lines = append(lines, l)
		}
	}
	if len(lines) < 2 {
		return nil
	}
	for _, load := range f.loads {
		if v := float64(load.Conns); seen[v] {
			frame.XTicks = append(frame.XTicks, plot.Tick{Value: v, Label: harness.Thousands(v)})
		}
	}
	svg, err := chart.Lines(frame, lines)
	if err == nil {
		w.image(name, frame.Title, svg)
	}
	return err
}

// size is a number of bytes for people.
func size(n int) string {
	if n >= 1<<10 && n%(1<<10) == 0 {
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}
