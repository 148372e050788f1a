package page

import (
	"fmt"

	"github.com/uvgo/uvgo/bench/internal/book"
	"github.com/uvgo/uvgo/bench/internal/harness"
)

// targets writes the table of targets.
func (w *writer) targets() error {
	list := w.results.Verdicts(w.book)
	if len(list) == 0 {
		return nil
	}
	count := map[string]int{}
	for _, v := range list {
		count[v.Outcome()]++
	}
	w.para("## Targets")
	w.para("What uvgo set out to reach. A ratio is uvgo's figure over the other's: the median of the rounds' ratios, and beside it the lowest and the highest round. "+
		"*by CPU* is the other's CPU time for an operation over uvgo's: what the ratio of throughputs would be if nothing else decided. "+
		"%d are met, %d missed, %d not measured. Where some rounds met a target and others did not, the outcome may be chance.", count[book.Met], count[book.Missed], count[book.NotMeasured])
	w.line("| workload | figure | over | ratio | rounds | by CPU | target | |")
	w.line("|---|---|---|---:|---:|---:|---:|---|")
	for _, v := range list {
		rounds := ""
		if v.Ratio.Rounds > 1 && !v.Ratio.Apart {
			rounds = fmt.Sprintf("%s to %s", harness.Fixed(v.Ratio.Low, 2), harness.Fixed(v.Ratio.High, 2))
		}
		text := v.Text()
		if v.Outcome() == book.Met {
			text = "**" + text + "**"
		}
		w.row(v.Workload.Title, v.Figure.Title(v.Workload), v.Target.Over, book.Times(v.Ratio), rounds, book.Times(w.results.ByCPU(v.Workload, v.Target.Over)), v.Target.Bound(), text)
	}
	w.line("")
	return nil
}
