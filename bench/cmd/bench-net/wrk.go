package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// wrk loads an HTTP server; it takes whole seconds.
func (l *load) wrk(ctx context.Context) (m measurement, err error) {
	if _, err := l.runWrk(ctx, time.Second); err != nil { // the warm-up
		return m, err
	}
	before, err := harness.CPUTime(l.pid)
	if err != nil {
		return m, err
	}
	out, err := l.runWrk(ctx, max(l.duration.Round(time.Second), time.Second))
	if err != nil {
		return m, err
	}
	after, err := harness.CPUTime(l.pid)
	if err != nil {
		return m, err
	}
	m, requests, err := parseWrk(out)
	m.CPU = 1e6 * (after - before).Seconds() / requests
	return m, err
}

// runWrk runs wrk to its end and returns what it printed.
func (l *load) runWrk(ctx context.Context, d time.Duration) (string, error) {
	var out strings.Builder
	cmd := exec.CommandContext(ctx, l.bins["wrk"], "-t1", "-c", strconv.Itoa(l.s.conns),
		"-d", fmt.Sprintf("%ds", int(d.Seconds())), "--latency", "--timeout", "30s", "http://"+l.addr+"/")
	cmd.Stdout, cmd.Stderr = &out, &out
	err := harness.StartPinned(cmd, l.cpus)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return "", fmt.Errorf("wrk: %w: %s", err, &out)
	}
	return out.String(), nil
}

var (
	wrkRate     = regexp.MustCompile(`(?m)^Requests/sec:\s+([0-9.]+)`)
	wrkP99      = regexp.MustCompile(`(?m)^\s+99%\s+([0-9.]+[a-z]+)`)
	wrkRequests = regexp.MustCompile(`(?m)^\s+(\d+) requests in`)
	wrkErrors   = regexp.MustCompile(`(?m)^\s+(Socket errors|Non-2xx).*`)
)

// parseWrk reads wrk's report. Errors that wrk met make it fail.
func parseWrk(out string) (m measurement, requests float64, err error) {
	if bad := wrkErrors.FindString(out); bad != "" {
		return m, 0, fmt.Errorf("wrk: %s", strings.TrimSpace(bad))
	}
	field := func(re *regexp.Regexp) string {
		f := re.FindStringSubmatch(out)
		if f == nil {
			err = fmt.Errorf("wrk printed no %v:\n%s", re, out)
			return "0"
		}
		return f[1]
	}
	rate, p99, n := field(wrkRate), field(wrkP99), field(wrkRequests)
	if err != nil {
		return m, 0, err
	}
	d, err1 := time.ParseDuration(p99)
	m.P99 = float64(d) / 1e3
	m.Rate, err = strconv.ParseFloat(rate, 64)
	requests, err2 := strconv.ParseFloat(n, 64)
	return m, requests, errors.Join(err, err1, err2)
}
