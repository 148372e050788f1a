package page

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"

	"github.com/uvgo/uvgo/bench/internal/book"
)

// method is the text about the method, which does not depend on the results.
//
//go:embed method.txt
var method string

// peers writes what was compared.
func (w *writer) peers() error {
	w.para("## Peers")
	w.line("| name | what it is | version | as its author recommends |")
	w.line("|---|---|---|---|")
	for _, p := range w.book.Peers {
		f := w.results.Found(p.Name)
		version := f.Version
		if p.Own && version != "" {
			version = "this checkout"
		}
		if f.Absent != "" {
			version = "**absent**: " + f.Absent
		}
		w.row(p.Name, p.Title+" ("+p.Language+")", version, p.Settings)
	}
	w.line("")
	var failed []string
	for _, c := range w.results.Cells {
		if c.Failed != "" {
			failed = append(failed, c.Workload+" on "+c.Peer+": "+strings.ReplaceAll(c.Failed, "|", "\\|"))
		}
	}
	if len(failed) > 0 {
		w.para("Rounds that failed, of which the figures lack:")
		for _, f := range failed {
			w.line("- %s", f)
		}
		w.line("")
	}
	return nil
}

// method writes how it was measured, on what, and how to do it again.
func (w *writer) method() error {
	w.text.WriteString(strings.TrimSpace(method) + "\n\n")
	w.para("### The machine and the runs")
	w.para("%s.", w.results.Machine)
	for _, run := range w.results.Runs {
		var versions []string
		for name, v := range run.Versions {
			if !strings.HasPrefix(strings.ToLower(v), strings.ToLower(name)) {
				v = name + " " + v
			}
			versions = append(versions, v)
		}
		slices.Sort(versions)
		w.line("- %s, commit %s, `%s`, in %s: %d rounds of %s behind %s of warm-up%s. %s. %s", run.Date, run.Commit, run.Command, run.Took, run.Rounds, run.Window, run.Warmup,
			priority(run), strings.Join(versions, "; "), run.Quiet())
	}
	return nil
}

// priority says so if the programs had a priority of their own.
func priority(run book.Run) string {
	if run.Nice == 0 {
		return ""
	}
	return ", at a priority above that of other programs (nice " + strconv.Itoa(run.Nice) + ")"
}
