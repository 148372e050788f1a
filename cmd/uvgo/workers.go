package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/uvgo/uvgo/workers"
)

const workersHelp = `[-n N] [--listen ADDR]... [flags] -- COMMAND [ARG]...
       uvgo workers status|reload|upgrade|stop|scale N [--control PATH | PID]

ADDR is tcp://host:port, udp://host:port, unix:///path, fd://number or
systemd:name; a name before it, as in web=tcp://:80, is the socket's for COMMAND.

Runs N processes of COMMAND, which get the sockets as from systemd (LISTEN_FDS).
Those that die are started again. For example:

  uvgo workers -n 2 --listen tcp://127.0.0.1:9750 -- uvgo http --listen systemd:

SIGHUP    starts new workers and then drains the old: no request is lost
SIGTERM   and SIGINT drain all, and end with status 0; a second one kills them
SIGUSR2   executes uvgo's own new binary; the workers stay
SIGTTIN   one worker more; SIGTTOU: one less

The status is 1 when every worker has failed. docs/workers.md has the details.`

// orders are the words in the place of flags and a command that ask a supervisor that runs.
var orders = []string{"status", "reload", "upgrade", "stop", "scale"}

func runWorkers(args []string) error {
	if len(args) > 0 && slices.Contains(orders, args[0]) {
		return order(args[0], args[1:])
	}
	fs := newFlags("workers")
	s := &workers.Supervisor{}
	var logMode, memory string
	defineWorkers(fs, s, &logMode, &memory)
	metricsAt := fs.String("metrics", "", metricsUsage+"; with what those workers tell that can")
	own, command := args, []string(nil)
	if i := slices.Index(args, "--"); i >= 0 {
		own, command = args[:i], args[i+1:]
	}
	switch others, err := parse(fs, workersHelp, own); {
	case err != nil:
		return err
	case len(others) > 0:
		return usagef("workers takes no argument %q before --: the command follows --", others[0])
	case len(command) == 0:
		return usagef("no command: uvgo workers [flags] -- COMMAND [ARG]...")
	}
	s.Command = command
	if err := checkWorkers(s, memory); err != nil {
		return err
	}
	switch logMode {
	case "text":
		s.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	case "json":
		s.Logger = slog.New(slog.NewJSONHandler(os.Stderr, nil))
	default:
		return usagef("--log %s: write text or json", logMode)
	}
	display, err := newDisplay("workers", *metricsAt)
	if err != nil {
		return err
	}
	display.supervise(s)
	defer display.close()
	s.ReapOrphans = os.Getpid() == 1
	signal.Ignore(syscall.SIGPIPE) // the supervisor goes on when the reader of its output is gone
	err = s.Run(context.Background())
	if err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "workers: "))
	}
	return nil
}

// defineWorkers defines the flags.
func defineWorkers(fs *flag.FlagSet, s *workers.Supervisor, logMode, memory *string) {
	fs.IntVar(&s.Workers, "n", 0, "run `N` workers; 0 is one for each processor")
	fs.Func("listen", "open `ADDR` for the workers; may be repeated",
		func(text string) error { s.Listen = append(s.Listen, text); return nil })
	fs.IntVar(&s.Backlog, "backlog", 0, "let `N` connections wait in the kernel; 0: as many as the system allows")
	fs.BoolVar(&s.ReusePort, "reuse-port", false, "open a socket for each worker (SO_REUSEPORT), not one for all")
	spanVar(fs, &s.ReadyAfter, "ready-after", 0, "a worker that does not send READY=1 is ready after `TIME` (default 1s)")
	spanVar(fs, &s.ReadyTimeout, "ready-timeout", 0, "kill a worker that is not ready after `TIME` (default 30s)")
	fs.BoolVar(&s.Notify, "notify", false, "only READY=1 makes a worker ready (sd_notify)")
	spanVar(fs, &s.DrainTimeout, "drain-timeout", 0, "kill a worker that has not ended `TIME` after SIGTERM (default 30s)")
	spanVar(fs, &s.Stable, "stable", 0, "a worker that dies earlier than `TIME` after its start has failed (default 10s)")
	spanVar(fs, &s.MaxBackoff, "max-backoff", 0, "wait at most `TIME` before a worker that has failed is started again (default 30s)")
	fs.IntVar(&s.MaxFailures, "max-failures", 0, "give a worker up after `N` failures in a row (default 8)")
	spanVar(fs, &s.MaxAge, "max-age", 0, "replace workers that are older than `TIME`; 0: never")
	fs.StringVar(memory, "max-memory", "", "replace workers with more than `SIZE` resident, such as 512M; empty: never")
	spanVar(fs, &s.CheckEvery, "check-every", 0, "look at ages and memory each `TIME` (default 5s)")
	fs.StringVar(&s.Dir, "dir", "", "run the workers in `DIR`")
	fs.BoolVar(&s.Prefix, "prefix", false, "put a worker's number before each line of its output")
	fs.StringVar(&s.Control, "control", "", "answer uvgo workers status on the unix socket `PATH`; \"none\": on none")
	fs.StringVar(logMode, "log", "text", "log events on the standard error, as `MODE` text or json")
}

// checkWorkers refuses what makes no sense.
func checkWorkers(s *workers.Supervisor, memory string) (err error) {
	for _, d := range []struct {
		name  string
		value int64
	}{
		{"n", int64(s.Workers)}, {"backlog", int64(s.Backlog)}, {"max-failures", int64(s.MaxFailures)},
		{"ready-after", int64(s.ReadyAfter)}, {"ready-timeout", int64(s.ReadyTimeout)}, {"drain-timeout", int64(s.DrainTimeout)},
		{"stable", int64(s.Stable)}, {"max-backoff", int64(s.MaxBackoff)}, {"max-age", int64(s.MaxAge)}, {"check-every", int64(s.CheckEvery)},
	} {
		if d.value < 0 {
			return usagef("--%s is negative", d.name)
		}
	}
	if memory != "" {
		if s.MaxMemory, err = parseSize(memory); err != nil {
			return usagef("--max-memory %s: %v", memory, err)
		}
	}
	for _, text := range s.Listen {
		name, rest, named := strings.Cut(text, "=")
		if !named || strings.ContainsAny(name, ":/") {
			rest = text
		}
		a, err := parseAddress(rest)
		switch {
		case err != nil:
			return err
		case a.secure:
			return usagef("--listen %s: a socket has no TLS: write %s, and let the worker serve TLS on it", text, a.plain())
		}
	}
	return nil
}

// parseSize reads a number of bytes, with a unit of 1024, 1024² or 1024³ bytes.
func parseSize(text string) (uint64, error) {
	units := map[byte]uint64{'K': 1 << 10, 'M': 1 << 20, 'G': 1 << 30}
	digits, unit := text, uint64(1)
	for _, end := range []string{"iB", "B"} {
		digits = strings.TrimSuffix(digits, end)
	}
	if n := len(digits); n > 0 && units[digits[n-1]] > 0 {
		digits, unit = digits[:n-1], units[digits[n-1]]
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || n == 0 || n > math.MaxUint64/unit {
		return 0, errors.New("write a size, such as 512M or 2G")
	}
	return n * unit, nil
}

// order asks a supervisor that runs.
func order(verb string, args []string) error {
	fs := newFlags("workers " + verb)
	path := fs.String("control", "", "ask on the unix socket `PATH`")
	asJSON := fs.Bool("json", false, "print the status as JSON")
	others, err := parse(fs, "[N] [--control PATH | PID]\n\nAsks a supervisor that runs. Without a PID and --control there must be only one of this user's.", args)
	if err != nil {
		return err
	}
	words := []string{verb}
	if verb == "scale" {
		if len(others) == 0 {
			return usagef("scale: to how many workers?")
		}
		if _, err := strconv.ParseUint(others[0], 10, 16); err != nil {
			return usagef("scale %s: it is not a number of workers", others[0])
		}
		words, others = append(words, others[0]), others[1:]
	}
	if *path, err = controlSocket(*path, others); err != nil {
		return err
	}
	a, err := workers.Ask(*path, words...)
	if errors.Is(err, workers.ErrHungUp) { // it has executed its new program, which has the same socket
		if verb == "upgrade" {
			words = []string{"status"}
		}
		a, err = workers.Ask(*path, words...)
		switch {
		case verb == "upgrade" && err == nil:
			fmt.Println("upgraded")
			return nil
		case verb == "stop" && (errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED)):
			err = nil // it has ended
		}
	}
	if err != nil {
		return withAdvice("asking "+*path, err, []advice{
			{syscall.ENOENT, "no supervisor has this socket"}, {syscall.ECONNREFUSED, "its supervisor has ended"}, {syscall.EACCES, "it is another user's"},
		})
	}
	if a.Status == nil {
		fmt.Println("done")
		return nil
	}
	if *asJSON {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(a.Status)
	}
	return printStatus(a.Status)
}

// controlSocket returns the path of the socket to ask.
func controlSocket(path string, others []string) (string, error) {
	switch {
	case len(others) > 1 || len(others) == 1 && path != "":
		return "", usagef("name one supervisor, by --control or by its process ID")
	case path != "":
		return path, nil
	case len(others) == 1:
		pid, err := strconv.ParseUint(others[0], 10, 31)
		if err != nil {
			return "", usagef("%q is not a process ID", others[0])
		}
		return workers.ControlPath(int(pid)), nil
	}
	var alive []string
	for _, p := range workers.ControlPaths() {
		if _, err := workers.Ask(p, "status"); err == nil {
			alive = append(alive, p)
		}
	}
	switch len(alive) {
	case 0:
		return "", errors.New("no supervisor of this user runs that has its socket where it belongs: name one by --control")
	case 1:
		return alive[0], nil
	}
	return "", fmt.Errorf("%d supervisors of this user run: name one by --control: %s", len(alive), strings.Join(alive, ", "))
}
