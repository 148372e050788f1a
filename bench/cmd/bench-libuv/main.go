// Command bench-libuv runs the workloads of libuv's own benchmarks alternately in C and
// on uvgo, and prints the ratios of their speeds. ../../README.md says more.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// limit is how long one measurement may take.
const limit = 2 * time.Minute

func main() {
	dir := flag.String("dir", ".", "the bench `directory`")
	rounds := flag.Int("rounds", 5, "rounds; each does all the work once in C and once in Go")
	only := flag.String("only", "", "do only the work whose name matches this `regexp`")
	strict := flag.Bool("check", false, "exit with status 1 if a target is missed")
	flag.Parse()
	harness.Main("bench-libuv", *strict, func(ctx context.Context) (int, error) { return run(ctx, *dir, *rounds, *only) })
}

// run builds, measures and prints; it returns how many targets were missed.
func run(ctx context.Context, dir string, rounds int, only string) (missed int, err error) {
	list, err := harness.Select(works, func(w work) string { return w.name }, only, rounds)
	if err != nil {
		return 0, err
	}
	tmp, err := os.MkdirTemp("", "bench-libuv-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(tmp)
	b := harness.NewBuilder(ctx, dir, tmp)
	inC, err := b.C("uvbench-c", true, cSources...)
	if err != nil {
		return 0, err
	}
	inGo, err := b.Go("uvbench-go", "./uvbench")
	if err != nil {
		return 0, err
	}
	os.Setenv("UVBENCH_CHILD", inC) // what both spawn
	all := make([]figures, len(list))
	for round := range rounds {
		for i, w := range list {
			for _, prog := range harness.Rotate([]string{inC, inGo}, round) {
				rate, err := measure(ctx, prog, w.name)
				if err != nil {
					return 0, err
				}
				all[i].add(prog == inC, rate)
			}
			f := &all[i]
			fmt.Fprintf(os.Stderr, "round %d/%d  %s: C %s, Go %s\n", round+1, rounds, w.name,
				harness.Thousands(f.c[round]), harness.Thousands(f.uvgo[round]))
		}
	}
	return report(os.Stdout, list, all, rounds), nil
}

// measure runs one program once and returns operations a second.
func measure(ctx context.Context, prog, name string) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, prog, name)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var got struct{ Ops, Seconds float64 }
	if err == nil {
		err = json.Unmarshal(out, &got)
	}
	if err != nil || got.Ops <= 0 || got.Seconds <= 0 {
		return 0, fmt.Errorf("%s %s: %v: %s", prog, name, err, strings.TrimSpace(stderr.String()))
	}
	return got.Ops / got.Seconds, nil
}

// figures are operations a second, by round.
type figures struct{ c, uvgo []float64 }

func (f *figures) add(c bool, rate float64) {
	if c {
		f.c = append(f.c, rate)
	} else {
		f.uvgo = append(f.uvgo, rate)
	}
}

// ratio is the median of the rounds' ratios, which cancels what changed from
// round to round.
func (f *figures) ratio() float64 {
	var v []float64
	for i := range f.c {
		v = append(v, f.uvgo[i]/f.c[i])
	}
	return harness.Median(v)
}

// report prints the table and returns how many targets were missed.
func report(w io.Writer, list []work, all []figures, rounds int) (missed int) {
	fmt.Fprintf(w, "operations a second: medians of %d rounds; the ratio is the median of the rounds' ratios\n\n", rounds)
	tw := harness.Tabs(w)
	fmt.Fprintln(tw, "work\toperation\tC\tGo\tGo/C\ttarget\t\t")
	for i, wk := range list {
		f := &all[i]
		verdict := "pass"
		if f.ratio() < wk.target {
			verdict = "MISS"
			missed++
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t≥ %.1f\t%s\t\n", wk.name, wk.operation, harness.Thousands(harness.Median(f.c)),
			harness.Thousands(harness.Median(f.uvgo)), harness.Fixed(f.ratio(), 2), wk.target, verdict)
	}
	tw.Flush()
	return missed
}
