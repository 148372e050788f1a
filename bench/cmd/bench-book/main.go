// Command bench-book measures the benchmark book: all workloads of package workload on all peers, or some of them. It prints tables, and of a whole run it
// writes results.json and makes the page and the charts in docs of it. ../../README.md and the page say how.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/uvgo/uvgo/bench/internal/book"
	"github.com/uvgo/uvgo/bench/internal/harness"
	"github.com/uvgo/uvgo/bench/internal/workload"
)

// config is what the flags say.
type config struct {
	book.Options
	results, docs, render string
	merge, targets, list  bool
	check                 bool
}

// Budgets, in which builds do not count.
const (
	wholeBudget = 23 * time.Minute
	quickBudget = 140 * time.Second
)

func main() {
	var cfg config
	var peers string
	flag.StringVar(&cfg.Dir, "dir", ".", "the bench `directory`")
	flag.StringVar(&cfg.Only, "only", "", "measure only the workloads whose name matches this `regexp`")
	flag.StringVar(&peers, "peers", "", "measure only these peers, by a comma-separated `list`")
	flag.BoolVar(&cfg.Quick, "quick", false, "measure a part of the workloads, within three minutes")
	flag.IntVar(&cfg.Rounds, "rounds", 0, "rounds; 0 for as many as the budget has time for, from 3 to 9")
	flag.DurationVar(&cfg.Warmup, "warmup", 150*time.Millisecond, "time before each window that does not count")
	flag.DurationVar(&cfg.Window, "duration", 0, "length of each window; 0 for what the budget has time for, up to 500 ms")
	flag.DurationVar(&cfg.Budget, "budget", wholeBudget, "time for all rounds")
	flag.IntVar(&cfg.Idle, "idle", 15000, "idle connections of workloads with such; fewer if the limit of open files is lower")
	flag.StringVar(&cfg.results, "results", "results.json", "the `file` of results")
	flag.StringVar(&cfg.docs, "docs", "../docs", "the `directory` of the page and the charts")
	flag.BoolVar(&cfg.merge, "merge", false, "put what a partial run has measured into the results, and make the page again")
	flag.StringVar(&cfg.render, "render", "", "measure nothing: make the page and the charts of this `file` of results")
	flag.BoolVar(&cfg.targets, "targets", false, "measure nothing: print the targets with what the results say of them")
	flag.BoolVar(&cfg.list, "list", false, "measure nothing: print the workloads with their peers")
	flag.BoolVar(&cfg.check, "check", false, "exit with status 1 if a target is missed")
	flag.Parse()
	if peers != "" {
		cfg.Peers = strings.Split(peers, ",")
	}
	set := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { set[f.Name] = true })
	if cfg.Quick && !set["budget"] {
		cfg.Budget = quickBudget
	}
	if (cfg.Quick || cfg.Only != "") && !set["rounds"] {
		cfg.Rounds = book.LeastRounds
	}
	cfg.Command = command()
	harness.Main("bench-book", cfg.check, func(ctx context.Context) (int, error) { return run(ctx, cfg, workload.Book()) })
}

// command is how to do the same again: the flags that decide what is measured, and how.
func command() string {
	words := []string{"go run ./cmd/bench-book"}
	flag.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "dir", "results", "docs", "check": // say where it is written, or are of this machine
		default:
			words = append(words, fmt.Sprintf("-%s='%s'", f.Name, f.Value))
		}
	})
	if len(words) == 1 {
		return "make bench-book"
	}
	return strings.Join(words, " ")
}

// run does what the flags say and returns how many targets are missed.
func run(ctx context.Context, cfg config, b *book.Book) (missed int, err error) {
	switch {
	case flag.NArg() > 0:
		return 0, fmt.Errorf("unexpected argument %q", flag.Arg(0))
	case cfg.list:
		list(b)
		return 0, nil
	case cfg.render != "":
		return 0, render(b, cfg.render, cfg.docs)
	case cfg.targets:
		r, err := book.Load(cfg.results)
		if err != nil {
			return 0, err
		}
		return r.PrintTargets(os.Stdout, b), nil
	}
	if cfg.Rounds < 0 || cfg.Rounds > 100 || cfg.Warmup < 0 || cfg.Window < 0 || cfg.Budget <= 0 || cfg.Idle < 1 {
		return 0, errors.New("-rounds must be 0 to 100, durations positive, -idle at least 1")
	}
	r, err := b.Measure(ctx, cfg.Options, os.Stderr)
	if r == nil {
		return 0, err
	}
	r.Print(os.Stdout, b)
	fmt.Println()
	missed = r.PrintTargets(os.Stdout, b)
	if err != nil {
		return missed, err
	}
	return missed, save(cfg, b, r)
}

// save writes the results of a whole run, or of a partial one that -merge asks for, and makes the page of them.
func save(cfg config, b *book.Book, r *book.Results) error {
	whole := cfg.Only == "" && len(cfg.Peers) == 0 && !cfg.Quick
	switch {
	case cfg.merge && !whole:
		all, err := book.Load(cfg.results)
		if err != nil {
			return err
		}
		if err := all.Merge(r, b); err != nil {
			return err
		}
		r = all
	case !whole:
		fmt.Printf("\nNothing was written: a part of the book goes into %s with -merge.\n", cfg.results)
		return nil
	}
	if err := r.Save(cfg.results); err != nil {
		return err
	}
	return render(b, cfg.results, cfg.docs)
}

// list prints what there is.
func list(b *book.Book) {
	for _, w := range b.Workloads {
		var names []string
		for _, p := range b.Peers {
			if _, ok := w.Servers[p.Name]; ok {
				names = append(names, p.Name)
			}
		}
		quick := ""
		if w.Quick {
			quick = ", quick"
		}
		fmt.Printf("%s (%s%s): %s\n", w.Name, w.Title, quick, strings.Join(names, " "))
	}
}
