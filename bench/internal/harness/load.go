package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// Run runs a program to its end, which must come within limit, and returns its first line and the
// CPU time that it took.
func Run(ctx context.Context, cpus []int, limit time.Duration, name, bin string, args ...string) (line string, cpu time.Duration, err error) {
	c, err := Start(ctx, cpus, nil, name, bin, args...)
	if err != nil {
		return "", 0, err
	}
	select {
	case <-c.Done:
	case <-time.After(limit):
		return "", 0, errors.Join(fmt.Errorf("%s did not end within %v", name, limit), c.Stop())
	}
	if c.Err != nil {
		return "", 0, fmt.Errorf("%s: %w: %s", name, c.Err, c.Stderr())
	}
	select {
	case line := <-c.Line:
		return line, c.CPU(), nil
	default:
		return "", 0, fmt.Errorf("%s printed nothing", name)
	}
}

// openLimit is for all idle connections to open.
const openLimit = 2 * time.Minute

// Hold runs a program that opens idle connections, prints "ready", and keeps them until its standard input
// ends: when fn has returned.
func Hold(ctx context.Context, cpus []int, name, bin string, args []string, fn func() error) (err error) {
	stdin, open, err := os.Pipe()
	if err != nil {
		return err
	}
	defer stdin.Close()
	c, err := Start(ctx, cpus, stdin, name, bin, args...)
	if err != nil {
		open.Close()
		return err
	}
	defer func() {
		open.Close()
		select {
		case <-c.Done:
			err = errors.Join(err, c.Err)
		case <-time.After(StopLimit):
			err = errors.Join(err, c.Stop())
		}
	}()
	if _, err := c.Await("ready", openLimit); err != nil {
		return err
	}
	return fn()
}

// Others is how long these CPUs have been busy so far with anything but a process; 0 if the kernel does not tell.
func Others(pid int, cpus ...int) time.Duration {
	busy, err1 := BusyTime(cpus...)
	process, err2 := CPUTime(pid)
	if err1 != nil || err2 != nil {
		return 0
	}
	return busy - process
}

// A Load is what a load generator prints: one line of JSON. A figure that it does not know is missing, and 0 here.
type Load struct {
	Ops       float64 `json:"ops"` // that were complete and right inside the window
	Seconds   float64 `json:"seconds"`
	P50       float64 `json:"p50_us"`
	P75       float64 `json:"p75_us"`
	P90       float64 `json:"p90_us"`
	P99       float64 `json:"p99_us"`
	P999      float64 `json:"p999_us"`
	Max       float64 `json:"max_us"`
	ServerCPU float64 `json:"server_cpu_s"` // inside the window
	LoaderCPU float64 `json:"client_cpu_s"` //
	Allocs    float64 `json:"allocs"`       // of the server for each operation
	Bytes     float64 `json:"alloc_bytes"`  // of these
	Stalled   int     `json:"stalled"`      // connections that got no reply inside the window
	Corrupt   int     `json:"corrupt"`      // connections that got a wrong one
	Closed    int     `json:"closed"`       // connections that the server closed
}

// ParseLoad reads the line of a load. A load that did nothing, or got wrong answers, is an error.
func ParseLoad(line string) (Load, error) {
	var l Load
	if err := json.Unmarshal([]byte(line), &l); err != nil {
		return l, fmt.Errorf("%q: %w", line, err)
	}
	if l.Corrupt+l.Closed > 0 {
		return l, fmt.Errorf("%d connections got a wrong echo, %d were closed", l.Corrupt, l.Closed)
	}
	if l.Ops == 0 || l.Seconds == 0 {
		return l, fmt.Errorf("nothing was done: %q", line)
	}
	return l, nil
}
