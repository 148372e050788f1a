package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A result is the sum of all runners' outcomes.
type result struct {
	load        *load
	interrupted bool
	outcome
}

// collect adds up the outcomes of the runners, which are done.
func (r *result) collect() {
	r.errors = make(map[string]uint64)
	for _, run := range r.load.runners {
		o := &run.outcome
		r.took = max(r.took, o.took)
		r.requests += o.requests
		r.latency.merge(&o.latency)
		r.schedule.merge(&o.schedule)
		r.bytes += o.bytes
		r.reconnects += o.reconnects
		for status, n := range o.statuses {
			r.statuses[status] += n
		}
		for kind, n := range o.errors {
			r.errors[kind] += n
		}
		if r.first == nil {
			r.first = o.first
		}
	}
}

func (r *result) errorCount() (n uint64) {
	for _, of := range r.errors {
		n += of
	}
	return n
}

// err returns the error that the command returns for the result, nil if there was none.
func (r *result) err() error {
	if n := r.errorCount(); n > 0 {
		hint := ""
		if r.requests == 0 && (errors.Is(r.first, errEnded) || errors.Is(r.first, syscall.ECONNRESET)) {
			hint = r.load.address.perhapsTLS()
		} else if errors.Is(r.first, errAlert) {
			hint = "write " + r.load.address.withTLS()
		}
		if hint != "" {
			hint = ": " + hint
		}
		return fmt.Errorf("%s; the first: %s%s", plural(n, "error"), reason(r.first), hint)
	}
	if n := r.statuses.failures(); n > 0 && !r.load.request.anyStatus {
		return fmt.Errorf("%s with a status of 400 or more: --any-status lets them pass", plural(n, "answer"))
	}
	if r.requests == 0 && r.load.request != nil {
		return fmt.Errorf("no answer came within %v", r.took.Round(time.Millisecond))
	}
	if r.requests == 0 {
		return fmt.Errorf("no message came back within %v", r.took.Round(time.Millisecond))
	}
	return nil
}

// print writes the result as text.
func (r *result) print() error {
	var b strings.Builder
	early := ""
	if r.interrupted {
		early = ", interrupted"
	}
	persec := rate(r.requests, r.took)
	fmt.Fprintf(&b, "requests  %s in %v%s\n", count(r.requests), r.took.Round(10*time.Millisecond), early)
	if r.load.request != nil {
		fmt.Fprintf(&b, "rate      %s requests/s, %.1f MB/s of answers\n", perSecond(persec), rate(r.bytes, r.took)/1e6)
	} else {
		fmt.Fprintf(&b, "rate      %s requests/s, %.1f MB/s each way\n", perSecond(persec), persec*float64(r.load.size)/1e6)
	}
	fmt.Fprintf(&b, "latency   p50 %s  p99 %s  p99.9 %s  max %s\n", digits(r.latency.quantile(.5)),
		digits(r.latency.quantile(.99)), digits(r.latency.quantile(.999)), digits(r.latency.longest))
	if s := r.schedule; r.load.rate > 0 {
		fmt.Fprintf(&b, "schedule  %s late by up to %s, %s not started\n",
			plural(s.late, "request"), digits(s.latest), count(s.notStarted))
	}
	if r.load.request != nil {
		fmt.Fprintf(&b, "statuses  %s\n", r.statuses)
	}
	if r.reconnects > 0 {
		fmt.Fprintf(&b, "renewed   %s that the server had ended\n", plural(r.reconnects, "connection"))
	}
	fmt.Fprintf(&b, "errors    %s\n", count(r.errorCount()))
	for _, kind := range r.kinds() {
		fmt.Fprintf(&b, "  %s × %s\n", count(r.errors[kind]), kind)
	}
	_, err := os.Stdout.WriteString(b.String())
	return err
}

// kinds returns the kinds of errors that occurred, sorted.
func (r *result) kinds() []string {
	var kinds []string
	for kind := range r.errors {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	return kinds
}

// digits rounds a duration to three digits.
func digits(d time.Duration) string {
	unit := time.Duration(1)
	for d >= 1000*unit {
		unit *= 10
	}
	return d.Round(unit).String()
}

// printJSON writes the result as one JSON object on a line of its own.
func (r *result) printJSON() error {
	us := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	type latency struct {
		P50  float64 `json:"p50"`
		P99  float64 `json:"p99"`
		P999 float64 `json:"p99_9"`
		Max  float64 `json:"max"`
	}
	type pace struct {
		Rate       float64 `json:"rate"`
		Late       uint64  `json:"late"`
		LatestUS   float64 `json:"latest_us"`
		NotStarted uint64  `json:"not_started"`
	}
	var open *pace
	if s := r.schedule; r.load.rate > 0 {
		open = &pace{r.load.rate, s.late, us(s.latest), s.notStarted}
	}
	size, pipeline, answered, of := r.load.size, 0, uint64(0), map[string]uint64(nil)
	if r.load.request != nil {
		size, pipeline, answered, of = 0, r.load.pipeline, r.bytes, r.statuses.json()
	}
	return json.NewEncoder(os.Stdout).Encode(struct {
		Address           string            `json:"address"`
		Connections       int               `json:"connections"`
		Size              int               `json:"size,omitempty"`
		Pipeline          int               `json:"pipeline,omitempty"`
		Loops             int               `json:"loops"`
		Seconds           float64           `json:"seconds"`
		Interrupted       bool              `json:"interrupted"`
		Requests          uint64            `json:"requests"`
		RequestsPerSecond float64           `json:"requests_per_second"`
		LatencyUS         latency           `json:"latency_us"`
		Schedule          *pace             `json:"schedule,omitempty"`
		Statuses          map[string]uint64 `json:"statuses,omitempty"`
		AnswerBytes       uint64            `json:"answer_bytes,omitempty"`
		Renewed           uint64            `json:"connections_renewed,omitempty"`
		Errors            uint64            `json:"errors"`
		ErrorKinds        map[string]uint64 `json:"error_kinds"`
	}{
		r.load.address.text, r.load.conns, size, pipeline, len(r.load.runners),
		r.took.Seconds(), r.interrupted, r.requests, rate(r.requests, r.took),
		latency{
			us(r.latency.quantile(.5)), us(r.latency.quantile(.99)),
			us(r.latency.quantile(.999)), us(r.latency.longest),
		},
		open,
		of, answered, r.reconnects,
		r.errorCount(), r.errors,
	})
}
