package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/uvgo/uvgo/workers"
)

// printStatus prints what a supervisor does, for people.
func printStatus(st *workers.Status) error {
	ready := 0
	for _, w := range st.Slots {
		if w.State == "ready" {
			ready++
		}
	}
	line := fmt.Sprintf("supervisor %d: %s, generation %d, %d of %s ready", st.PID, st.State, st.Generation, ready, plural(uint64(st.Workers), "worker"))
	if len(st.Listen) > 0 {
		line += ", " + strings.Join(st.Listen, " ")
	}
	fmt.Println(line)
	if st.ReloadError != "" {
		fmt.Printf("the last reload has failed: %s\n", st.ReloadError)
	}
	var table strings.Builder
	tw := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "SLOT\tPID\tGEN\tSTATE\tAGE\tRESTARTS\tRSS\tCPU\tLAST EXIT\tNOTE")
	for _, w := range st.Slots {
		pid, age, rss, cpu, gen := "-", "-", "-", "-", "-"
		if w.PID != 0 {
			pid, gen = fmt.Sprint(w.PID), fmt.Sprint(w.Generation)
			age, rss, cpu = w.Age.Round(time.Second).String(), size(w.RSS), w.CPU.Round(10*time.Millisecond).String()
		}
		exit := w.LastExit
		if exit == "" {
			exit = "-"
		}
		fmt.Fprintf(tw, "%d\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n", w.Slot, pid, gen, w.State, age, w.Restarts, rss, cpu, exit, printable(w.Reason+w.Message))
	}
	_ = tw.Flush() // a strings.Builder takes everything
	for line := range strings.Lines(table.String()) {
		fmt.Println(strings.TrimRight(line, " \n"))
	}
	return nil
}

// printable is a text that leaves the terminal and the table alone: a worker may say anything of itself.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}
