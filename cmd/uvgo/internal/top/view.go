package top

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// A view is what the user has chosen.
type view struct {
	sort     int // index of loopColumns
	up       bool
	interval time.Duration
	paused   bool
	lost     time.Time // since when nobody answers; zero: somebody does
	why      string    // nobody answers
	note     string    // what has happened
}

// A loopColumn is a column of the table of loops.
type loopColumn struct {
	title string
	key   string // for --sort
	value func(loopRow) float64
	text  func(float64) string
	bad   func(float64) bool
}

func above(limit float64) func(float64) bool { return func(v float64) bool { return v > limit } }

// loopColumns are the table of loops, whose first column is the name.
var loopColumns = []loopColumn{
	{title: "LOOP", key: "name"},
	{"LAG50", "lag50", func(r loopRow) float64 { return r.lag50 }, duration, above(0.1)},
	{"LAG99", "lag99", func(r loopRow) float64 { return r.lag99 }, duration, above(0.1)},
	{"CALLBACK99", "callback", func(r loopRow) float64 { return r.callback99 }, duration, above(0.1)},
	{"IDLE", "idle", func(r loopRow) float64 { return r.idle }, percent, func(v float64) bool { return v < 0.05 }},
	{"TURNS/S", "turns", func(r loopRow) float64 { return r.turns }, number, nil},
	{"EVENTS/S", "events", func(r loopRow) float64 { return r.events }, number, nil},
	{"HANDLES", "handles", func(r loopRow) float64 { return r.handles }, number, nil},
	{"QUEUED", "queued", func(r loopRow) float64 { return r.queued }, bytes, nil},
	{"POSTS", "posts", func(r loopRow) float64 { return r.posts }, number, nil},
	{"SLOW", "slow", func(r loopRow) float64 { return r.slow }, number, above(0)},
	{"PANICS", "panics", func(r loopRow) float64 { return r.panics }, number, above(0)},
}

// SortKeys are the values of Options.Sort.
func SortKeys() (keys []string) {
	for _, c := range loopColumns {
		keys = append(keys, c.key)
	}
	return keys
}

// sorted returns the loops in the order that the user has chosen. Names go up and numbers down, unless v.up turns it around.
func (v *view) sorted(loops []loopRow) []loopRow {
	rows := slices.Clone(loops)
	c := loopColumns[v.sort]
	slices.SortStableFunc(rows, func(a, b loopRow) int {
		order := 0
		if c.value == nil {
			order = natural(a.name, b.name)
		} else {
			order = -cmp.Compare(known(c.value(a)), known(c.value(b)))
		}
		if v.up {
			order = -order
		}
		return order
	})
	return rows
}

// known is v, and less than every number for one that is not known.
func known(v float64) float64 {
	if math.IsNaN(v) {
		return math.Inf(-1)
	}
	return v
}

// natural compares names, in which numbers count as such: web/10 is behind web/9.
func natural(a, b string) int {
	digits := func(s string) int {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		return n
	}
	for a != "" && b != "" {
		m, n := digits(a), digits(b)
		if m > 0 && n > 0 {
			x, y := strings.TrimLeft(a[:m], "0"), strings.TrimLeft(b[:n], "0")
			if c := cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y)); c != 0 {
				return c
			}
			a, b = a[m:], b[n:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

// head returns the lines at the top, which do not scroll.
func (v *view) head(p picture) []line {
	first := line{{p.name, bold}}
	add := func(format string, args ...any) {
		first = append(first, span{"  " + fmt.Sprintf(format, args...), normal})
	}
	if p.pid != 0 {
		add("process %d", p.pid)
	}
	if p.up > 0 {
		add("up %s", age(p.up))
	}
	for _, f := range []struct {
		name, value string
	}{{"cpu", percent(p.cpu)}, {"memory", bytes(p.memory)}, {"goroutines", number(p.goroutines)}, {"descriptors", number(p.files)}} {
		if f.value != unknown {
			add("%s %s", f.name, f.value)
		}
	}
	lines := []line{first, v.totals(p), v.state()}
	if c := p.crew; c != nil {
		ready := 0
		for _, w := range c.Slots {
			if w.State == "ready" {
				ready++
			}
		}
		text := fmt.Sprintf("workers: %s, generation %d, %d of %d ready", clean(c.State), c.Generation, ready, c.Workers)
		if c.ReloadError != "" {
			text += "; the last reload has failed: " + clean(c.ReloadError)
		}
		lines = slices.Insert(lines, 1, line{{text, normal}})
	}
	return lines
}

// state is the line that tells of pauses and of a program that does not answer.
func (v *view) state() line {
	switch {
	case !v.lost.IsZero():
		return line{{fmt.Sprintf("no answer since %s: %s: trying again", v.lost.Format(time.TimeOnly), clean(v.why)), bad}}
	case v.paused:
		return line{{"paused: p goes on", bold}}
	case v.note != "":
		return line{{v.note, weak}}
	}
	return nil
}

// totals sums the servers up.
func (v *view) totals(p picture) line {
	var t serverRow
	http, classes := false, map[string]float64{}
	for _, s := range p.servers {
		t.conns += zero(s.conns)
		t.accepts += zero(s.accepts)
		t.in += zero(s.in)
		t.out += zero(s.out)
		t.messages += zero(s.messages)
		if !math.IsNaN(s.requests) {
			http = true
			t.requests += s.requests
		}
		for _, c := range s.classes {
			classes[c.name] += c.n
		}
	}
	queued := 0.0
	for _, l := range p.loops {
		queued += zero(l.queued)
	}
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	switch {
	case http:
		add("%s requests/s", number(t.requests))
		for _, c := range []string{"1xx", "2xx", "3xx", "4xx", "5xx", "none"} {
			if classes[c] > 0 {
				add("%s %s", c, number(classes[c]))
			}
		}
	case len(p.servers) > 0:
		add("%s messages/s", number(t.messages))
	}
	if len(p.servers) > 0 {
		add("%s conns", number(t.conns))
		add("%s accepts/s", number(t.accepts))
		add("in %s/s", bytes(t.in))
		add("out %s/s", bytes(t.out))
	}
	if len(p.loops) > 0 {
		add("queued %s", bytes(queued))
	}
	return line{{strings.Join(parts, "  "), normal}}
}

// zero is v, and 0 for a number that is not known.
func zero(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}

// body returns the tables, which scroll.
func (v *view) body(p picture, wide int) (lines []line) {
	add := func(part []line) {
		if len(part) == 0 {
			return
		}
		if lines != nil {
			lines = append(lines, nil)
		}
		lines = append(lines, part...)
	}
	add(workerTable(p.workers, wide))
	add(v.loopTable(p.loops, wide))
	add(serverTable(p.servers, wide))
	add(slowTable(p, wide))
	return lines
}

func (v *view) loopTable(loops []loopRow, wide int) []line {
	if len(loops) == 0 {
		return nil
	}
	columns := make([]column, len(loopColumns))
	for i, c := range loopColumns {
		columns[i] = column{c.title, c.value == nil}
	}
	var rows [][]cell
	for _, r := range v.sorted(loops) {
		row := []cell{{r.name, normal}}
		for _, c := range loopColumns[1:] {
			row = append(row, valued(c.value(r), c.text, c.bad))
		}
		rows = append(rows, row)
	}
	return table(columns, rows, v.sort, (loopColumns[v.sort].value != nil) != v.up, wide)
}

// valued is a cell with a number.
func valued(n float64, text func(float64) string, isBad func(float64) bool) cell {
	switch {
	case isBad != nil && isBad(n):
		return cell{text(n), bad}
	case n == 0 || math.IsNaN(n):
		return cell{text(n), weak}
	}
	return cell{text(n), normal}
}

func serverTable(servers []serverRow, wide int) []line {
	if len(servers) == 0 {
		return nil
	}
	columns := []column{{"SERVER", true}, {"CONNS", false}, {"ACCEPTS/S", false}, {"REQUESTS/S", false}, {"TIME99", false}, {"IN/S", false}, {"OUT/S", false}, {"MESSAGES/S", false}, {"FULL", false}, {"DROPPED", false}}
	var rows [][]cell
	var closes []line
	for _, s := range servers {
		rows = append(rows, []cell{
			{s.name, normal}, valued(s.conns, number, nil), valued(s.accepts, number, nil), valued(s.requests, number, nil), valued(s.p99, duration, nil),
			valued(s.in, bytes, nil), valued(s.out, bytes, nil), valued(s.messages, number, nil), valued(s.full, number, nil), valued(s.dropped, number, above(0)),
		})
		if len(s.closed) == 0 {
			continue
		}
		var parts []string
		for _, c := range s.closed {
			part := c.name + " " + number(c.n)
			for _, r := range s.closes {
				if r.name == c.name {
					part += " (" + number(r.n) + "/s)"
				}
			}
			parts = append(parts, part)
		}
		closes = append(closes, line{{s.name + " closed: " + strings.Join(parts, ", "), normal}})
	}
	return append(table(columns, rows, -1, false, wide), closes...)
}

func workerTable(workers []workerRow, wide int) []line {
	if len(workers) == 0 {
		return nil
	}
	columns := []column{{"WORKER", false}, {"PID", false}, {"GEN", false}, {"STATE", true}, {"AGE", false}, {"RESTARTS", false}, {"MEMORY", false}, {"CPU", false}, {"LAST EXIT", true}, {"NOTE", true}}
	var rows [][]cell
	for _, w := range workers {
		state := cell{clean(w.State), normal}
		if w.State != "ready" {
			state.style = bad
		}
		row := []cell{{fmt.Sprint(w.Slot), normal}, {unknown, weak}, {unknown, weak}, state, {unknown, weak}, valued(float64(w.Restarts), number, above(0)), {unknown, weak}, {unknown, weak}, {clean(w.LastExit), normal}, {clean(w.Reason + w.Message), normal}}
		if w.PID != 0 {
			row[1], row[2] = cell{fmt.Sprint(w.PID), normal}, cell{fmt.Sprint(w.Generation), normal}
			row[4], row[6], row[7] = cell{age(w.Age), normal}, valued(float64(w.RSS), bytes, nil), valued(w.cpu, percent, nil)
		}
		rows = append(rows, row)
	}
	return table(columns, rows, -1, false, wide)
}

func slowTable(p picture, wide int) []line {
	if len(p.slow) == 0 {
		return nil
	}
	var rows [][]cell
	for _, s := range p.slow {
		loop := clean(s.Loop)
		if s.Worker != "" {
			loop = clean(s.Worker) + ":" + loop
		}
		if loop == "" {
			loop = unknown
		}
		took := cell{duration(s.Took.Seconds()), normal}
		if s.Stuck {
			took = cell{took.text + ", stuck", bad}
		}
		text := clean(s.Callback)
		if room := wide - 40; wide > 0 && columnsOf(text) > room && room > 10 { // the end says more: it has the file and the line
			runes := []rune(text)
			text = "…" + string(runes[len(runes)-room+1:])
		}
		rows = append(rows, []cell{{s.At.Local().Format(time.TimeOnly), normal}, {loop, normal}, took, {text, normal}})
	}
	return table([]column{{"SLOW AT", true}, {"LOOP", true}, {"TOOK", false}, {"CALLBACK", true}}, rows, -1, false, 0)
}
