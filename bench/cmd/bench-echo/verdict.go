package main

import (
	"fmt"
	"io"
	"math"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// targetTable prints the targets with the measured values, and returns how many targets
// were missed. Ratios are medians of the rounds' ratios.
func targetTable(w io.Writer, cfg *config, t table, res *results) (missed int) {
	peers := []string{"libuv", "net", "netpoll"}
	cell := func(got, bound float64, ok bool, sign string) string {
		switch {
		case math.IsNaN(got):
			return fmt.Sprintf("not measured (%s %.2f)", sign, bound)
		case ok:
			return fmt.Sprintf("pass %.2f %s %.2f", got, sign, bound)
		}
		missed++
		return fmt.Sprintf("MISS %.2f, wanted %s %.2f", got, sign, bound)
	}
	fmt.Fprintf(w, "\ntargets of %s: requests/s over each peer's, and p99 over libuv's\n\n", cfg.subject)
	tw := harness.Tabs(w)
	fmt.Fprintln(tw, "scenario\tvs libuv in C\tvs std net\tvs netpoll\tp99 vs libuv\t")
	for _, sc := range cfg.scenarios {
		if sc.idle() {
			continue
		}
		fmt.Fprintf(tw, "%s\t", sc.Title)
		for _, peer := range peers {
			bound, _ := rateTarget(sc.Name, peer)
			got, _ := t.ratio(sc.Name, cfg.subject, peer, rps)
			fmt.Fprintf(tw, "%s\t", cell(got, bound, got >= bound, "≥"))
		}
		got, _ := t.ratio(sc.Name, cfg.subject, "libuv", p99)
		fmt.Fprintf(tw, "%s\t\n", cell(got, p99Target, got <= p99Target, "≤"))
	}
	tw.Flush()
	if len(res.Idle) > 0 {
		got := idleMedian(res, cfg.subject, idleResult.rss)
		fmt.Fprintf(w, "\nidle connection, bytes: %s\n", cell(got, idleTarget, got <= idleTarget, "≤"))
	}
	return missed
}

// warn prints why the figures are doubtful, if they are.
func warn(w io.Writer, res *results) {
	noisy, full := 0, 0
	for _, m := range res.Echo {
		if m.Others > 0.05 {
			noisy++
		}
		if loaderShare(m) > 0.97 && serverShare(m) < 0.95 {
			full++
		}
	}
	if noisy > 0 {
		fmt.Fprintf(w, "\nwarning: in %d of %d measurements other programs or the hypervisor took more than 5 %% "+
			"of the two CPUs\n", noisy, len(res.Echo))
	}
	if full > 0 {
		fmt.Fprintf(w, "\nwarning: in %d of %d measurements the load generator, not the server, was at its limit\n",
			full, len(res.Echo))
	}
}
