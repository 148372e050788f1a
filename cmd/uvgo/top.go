package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/cmd/uvgo/internal/top"
	"github.com/uvgo/uvgo/internal/activation"
	"github.com/uvgo/uvgo/internal/sock"
)

const topHelp = `[URL | unix:///path | PID] [flags]

Shows live what a program does: its loops, servers, workers and slow callbacks.
The program is one of

  http://host:port     the address of --metrics, or of any program that shows
                       the metrics of package metrics at /metrics
  unix:///path         likewise; unix://@name is abstract
  PID                  the process ID of a program that was started with
                       --metrics, or of a worker of uvgo workers --metrics

Without an argument it is the only one of this user's that runs.

Press h for the keys. Where the output is no terminal, or TERM is dumb, it
writes a block of lines for each interval. NO_COLOR turns colours off.`

func runTop(args []string) error {
	fs := newFlags("top")
	o := top.Options{In: os.Stdin, Out: os.Stdout}
	spanVar(fs, &o.Interval, "interval", time.Second, "ask each `TIME`")
	fs.IntVar(&o.Count, "n", 0, "end after `N` updates; 0: never")
	fs.StringVar(&o.Sort, "sort", "name", "sort the loops by `COLUMN`: "+strings.Join(top.SortKeys(), ", "))
	fs.BoolVar(&o.Plain, "plain", false, "write lines, also on a terminal")
	others, err := parse(fs, topHelp, args)
	switch {
	case err != nil:
		return err
	case len(others) > 1:
		return usagef("top shows one program, not %d", len(others))
	case o.Interval < 10*time.Millisecond:
		return usagef("--interval %v: it must be 10ms or more", o.Interval)
	case o.Count < 0:
		return usagef("-n %d: a number is not negative", o.Count)
	case !slices.Contains(top.SortKeys(), o.Sort):
		return usagef("--sort %s: write one of %s", o.Sort, strings.Join(top.SortKeys(), ", "))
	}
	what := ""
	if len(others) > 0 {
		what = others[0]
	}
	source, err := programToShow(what)
	if err != nil {
		return err
	}
	o.Source = source
	if what == "" {
		what = source.Socket
	}
	signal.Ignore(syscall.SIGPIPE) // the error of the write says it
	err = top.Run(context.Background(), o)
	if err == nil || top.IsGone(err) {
		return nil
	}
	return topError(what, err)
}

// programToShow understands top's argument.
func programToShow(text string) (*top.HTTP, error) {
	if text == "" {
		return onlyProgram()
	}
	if pid, err := strconv.ParseUint(text, 10, 31); err == nil {
		path := activation.MetricsPath(metricsDir(), int(pid))
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("process %d has no socket at %s: start it with --metrics, as the same user; if %d is a port: uvgo top http://127.0.0.1:%d", pid, path, pid, pid)
		}
		return bySocket(path), nil
	}
	switch scheme, rest, _ := strings.Cut(text, "://"); scheme {
	case "unix":
		a, err := parseAddress(text)
		if err != nil {
			return nil, err
		}
		return bySocket(a.path), nil
	case "http", "https":
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return nil, usagef("bad address %q: the form is http://host:port", text)
		}
		base := strings.TrimSuffix(strings.TrimSuffix(rest, "/"), "/metrics")
		return &top.HTTP{Base: scheme + "://" + strings.TrimSuffix(base, "/")}, nil
	}
	if strings.ContainsRune(text, filepath.Separator) {
		if info, err := os.Stat(text); err == nil && info.Mode().Type() == fs.ModeSocket {
			return bySocket(text), nil
		}
	}
	return nil, usagef("bad address %q: %sthe forms are http://host:port, unix:///path and a process ID", text, meant(text, "http"))
}

func bySocket(path string) *top.HTTP { return &top.HTTP{Base: "http://localhost", Socket: path} }

// onlyProgram returns the only program of this user's that shows its metrics. The workers of a supervisor that does are no programs of their own.
func onlyProgram() (*top.HTTP, error) {
	var paths, names []string
	for path, pid := range metricsSockets(metricsDir()) {
		if !sock.Refuses(path) && !isWorker(pid) {
			paths = append(paths, path)
			names = append(names, strconv.Itoa(pid))
		}
	}
	switch len(paths) {
	case 0:
		return nil, errors.New("no program of this user's shows its metrics: start one with --metrics, or name an address")
	case 1:
		return bySocket(paths[0]), nil
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
	return nil, fmt.Errorf("%d programs of this user's show their metrics: name one by its process ID: %s", len(paths), strings.Join(names, ", "))
}

// isWorker tells whether a process is the child of one that has a socket, too.
func isWorker(pid int) bool {
	parent := parentOf(pid)
	if parent <= 1 {
		return false
	}
	_, err := os.Lstat(activation.MetricsPath(metricsDir(), parent))
	return err == nil
}

// parentOf returns the process ID of a process's parent, 0 if it is not known.
func parentOf(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1]) // the kernel writes numbers
	return parent
}

// topError returns an error of one line that says why a program cannot be shown.
func topError(what string, err error) error {
	return withAdvice("cannot show "+what, err, []advice{
		{syscall.ECONNREFUSED, "nothing listens there: start a program with --metrics"},
		{fs.ErrNotExist, "there is no such socket: start a program with --metrics"},
		{syscall.EACCES, "it is another user's"},
	})
}
