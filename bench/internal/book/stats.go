package book

import (
	"math"
	"slices"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// value is a figure of a round; NaN if it is missing.
func (c *Result) value(round int, f Figure) float64 {
	if c == nil || round >= len(c.Samples) {
		return math.NaN()
	}
	if v, ok := c.Samples[round][f]; ok {
		return v
	}
	return math.NaN()
}

// values are the known figures of all rounds.
func (c *Result) values(f Figure) (v []float64) {
	if c == nil {
		return nil
	}
	for i := range c.Samples {
		if x := c.value(i, f); !math.IsNaN(x) {
			v = append(v, x)
		}
	}
	return v
}

// Median is the median of the rounds; NaN if no round has the figure.
func (c *Result) Median(f Figure) float64 { return harness.Median(c.values(f)) }

// Spread is half of the distance between the lowest and the highest round, as a share of the median: ± so much. NaN with fewer than two rounds.
func (c *Result) Spread(f Figure) float64 {
	v := c.values(f)
	if len(v) < 2 {
		return math.NaN()
	}
	return (slices.Max(v) - slices.Min(v)) / 2 / harness.Median(v)
}

// Range is the lowest and the highest round; NaN if no round has the figure.
func (c *Result) Range(f Figure) (low, high float64) {
	v := c.values(f)
	if len(v) == 0 {
		return math.NaN(), math.NaN()
	}
	return slices.Min(v), slices.Max(v)
}

// A Ratio is one cell's figure over another's.
type Ratio struct {
	Median    float64 // of the rounds' ratios; NaN if either cell was not measured
	Low, High float64 // the rounds' lowest and highest ratio
	Rounds    int
	// Apart is whether the cells are of different runs. Their rounds do not belong together, so Median is the ratio of the two medians.
	Apart bool
}

// Ratio compares two cells. The median of the rounds' ratios cancels what changed between rounds.
func (r *Results) Ratio(workload, peer, over string, f Figure) Ratio {
	a, b := r.Cell(workload, peer), r.Cell(workload, over)
	out := Ratio{Median: math.NaN(), Low: math.NaN(), High: math.NaN()}
	if a == nil || b == nil {
		return out
	}
	if a.Run != b.Run {
		out.Apart, out.Rounds = true, min(len(a.values(f)), len(b.values(f)))
		out.Median = a.Median(f) / b.Median(f)
		return out
	}
	var v []float64
	for i := range a.Samples {
		if q := a.value(i, f) / b.value(i, f); !math.IsNaN(q) && !math.IsInf(q, 0) {
			v = append(v, q)
		}
	}
	if len(v) > 0 {
		out.Median, out.Low, out.High, out.Rounds = harness.Median(v), slices.Min(v), slices.Max(v), len(v)
	}
	return out
}

// ByCPU is how many times as much a workload's subject would do as another peer if nothing but the CPU times for an operation decided: the other's
// over the subject's.
func (r *Results) ByCPU(w *Workload, over string) Ratio { return r.Ratio(w.Name, over, w.Subject, CPU) }

// A Verdict is a target with what was measured.
type Verdict struct {
	Workload *Workload
	Target   Target
	Figure   Figure
	Ratio    Ratio
	Peer     Found
	Failed   string // why there is no ratio although the peer is there
}

// Outcomes of a target.
const (
	Met         = "met"
	Missed      = "missed"
	NotMeasured = "not measured"
)

// Outcome says whether the target is met.
func (v Verdict) Outcome() string {
	m := v.Ratio.Median
	switch {
	case math.IsNaN(m):
		return NotMeasured
	case v.Target.Least > 0 && m >= v.Target.Least, v.Target.Most > 0 && m <= v.Target.Most:
		return Met
	}
	return Missed
}

// Open reports whether some round met the target, and some missed it: with so few rounds the outcome may be chance.
func (v Verdict) Open() bool {
	bound := max(v.Target.Least, v.Target.Most)
	return v.Ratio.Low < bound && bound < v.Ratio.High
}

// Bound is the target as text.
func (t Target) Bound() string {
	if t.Least > 0 {
		return "≥ " + harness.Fixed(t.Least, 2)
	}
	return "≤ " + harness.Fixed(t.Most, 2)
}

// Verdicts judges all targets of the workloads that were measured at all.
func (r *Results) Verdicts(b *Book) (list []Verdict) {
	for i := range b.Workloads {
		w := &b.Workloads[i]
		if !slices.ContainsFunc(r.Cells, func(c Result) bool { return c.Workload == w.Name }) {
			continue
		}
		for _, t := range w.Targets {
			v := Verdict{Workload: w, Target: t, Figure: t.of(w), Ratio: r.Ratio(w.Name, w.Subject, t.Over, t.of(w)), Peer: r.Found(t.Over)}
			if c := r.Cell(w.Name, t.Over); c != nil {
				v.Failed = c.Failed
			}
			list = append(list, v)
		}
	}
	return list
}
