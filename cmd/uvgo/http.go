package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/cmd/uvgo/internal/access"
	"github.com/uvgo/uvgo/cmd/uvgo/internal/static"
	"github.com/uvgo/uvgo/uvhttp"
)

const httpHelp = `[--listen ADDR]... [--root DIR] [flags]

ADDR is one of
  http://host:port     or tcp://, tcp4:// and tcp6://; without a port 80
  https://host:port    HTTP/1.1 and HTTP/2 with TLS, or tls://; without a port 443
  unix:///path         unix://@name is abstract; tls+unix:///path has TLS
  fd://number          a listener that the process has inherited; tls+fd:// likewise
  systemd:name         sockets of that name from systemd; tls+systemd: likewise

Serves the files below DIR. Without --root that is the current directory, and then
only for this machine: addresses that others reach want --root.

Only regular files are served, for GET and HEAD. A path or a symbolic link that leads
out of DIR is not found, and neither are names that begin with a dot, but .well-known.
A directory shows its index.html, or with --list its names. DIR/404.html is the page
for what is not found. FILE.br, FILE.zst and FILE.gz are sent in place of FILE to
clients that accept them, unless they are older than FILE.

SIGHUP reads the certificate again, and opens the path DIR again. SIGUSR1 prints
statistics. SIGINT and SIGTERM drain the server: it accepts no more, answers the
requests under way, and ends with status 0, or with 1 if --drain was not long
enough for that. A second one, half a second later or more, ends it at once,
with status 130 or 143.`

// defaultHTTP is the address on which http listens without --listen: one that only this machine reaches.
const defaultHTTP = "http://127.0.0.1:8080"

// A web is the server and its control loop. Methods run on the control loop unless they say otherwise.
type web struct {
	server  *uvhttp.Server
	monitor *access.Monitor
	files   *static.Files
	console *console
	root    string
	listen  []address
	bound   []bound
	tls     *keyPair
	drain   time.Duration
	grace   *span // nil: what the addresses need

	display *display
	health  atomic.Bool

	logMode string
	out     io.Writer    // where lines for people go
	log     *slog.Logger // with --log json these are records; nil otherwise
	sink    *access.Sink // below both, nil without a log

	problems *slog.Logger // on the standard error

	loop    *uvgo.Loop
	began   time.Time
	last    webSample // the one on which the status line was based last
	serving int       // calls of Serve that have not returned
	failed  error     // of the first that has failed
	drains  time.Time // when the drain began; zero: no signal has come
	cut     int64     // requests that were under way when the drain was over
	err     error     // what the command returns
}

// webFlags are the flags that need a look before they become a web.
type webFlags struct {
	listen    []string
	metrics   string
	cert, key string
	options   static.Options
}

func runHTTP(args []string) error {
	fs := newFlags("http")
	h := &web{console: newConsole(), server: new(uvhttp.Server), monitor: new(access.Monitor), began: time.Now()}
	var f webFlags
	h.define(fs, &f)
	switch others, err := parse(fs, httpHelp, args); {
	case err != nil:
		return err
	case len(others) > 0:
		return usagef("http takes no argument %q: the directory follows --root, addresses follow --listen", others[0])
	}
	if err := h.check(&f); err != nil {
		return err
	}
	if err := h.prepare(&f); err != nil {
		return err
	}
	signal.Ignore(syscall.SIGPIPE) // the server goes on when the reader of its output is gone
	err := uvgo.Run(context.Background(), h.control)
	h.closeLog()
	switch {
	case errors.Is(err, syscall.EMFILE):
		return loopError(err)
	case err != nil:
		return err
	}
	return h.err
}

// define defines the flags.
func (h *web) define(fs *flag.FlagSet, f *webFlags) {
	s, o := h.server, &f.options
	fs.Func("listen", "listen on `ADDR`; may be repeated (default "+defaultHTTP+")",
		func(text string) error { f.listen = append(f.listen, text); return nil })
	fs.StringVar(&h.root, "root", "", "serve the files below `DIR`; without it those below the current directory, for this machine only")
	fs.BoolVar(&o.List, "list", false, "list directories that have no index.html")
	fs.BoolVar(&o.Hidden, "hidden", false, "serve names that begin with a dot, too")
	fs.StringVar(&o.Fallback, "fallback", "", "serve `FILE`, below the root, for paths that name nothing and have no dot in their last part: a single-page application's")
	spanVar(fs, &o.MaxAge, "cache", 0, "let clients and caches use an answer for `TIME` without asking again; 0: they ask each time")
	fs.StringVar(&h.logMode, "log", "text", "log requests on the standard output, as `MODE` text, json or off")
	fs.StringVar(&f.metrics, "metrics", "", metricsUsage+"; and /healthz")
	fs.StringVar(&f.cert, "tls-cert", "", "the certificate for https:// is in `FILE` (PEM); without it a self-signed one is made for a try")
	fs.StringVar(&f.key, "tls-key", "", "and its private key in `FILE` (PEM)")
	spanVar(fs, &s.ReadHeaderTimeout, "header-timeout", 10*time.Second, "close connections whose request head takes longer than `TIME`")
	spanVar(fs, &s.ReadTimeout, "read-timeout", 30*time.Second, "close connections whose whole request takes longer than `TIME`")
	spanVar(fs, &s.WriteTimeout, "write-timeout", time.Minute, "close connections that do not take an answer, or the next 512 KiB of it, within `TIME`; 0: never")
	spanVar(fs, &s.IdleTimeout, "idle-timeout", 2*time.Minute, "close connections without a request for `TIME`")
	fs.IntVar(&s.MaxConns, "max-conns", 0, "serve at most `N` connections, others wait; 0: any number")
	fs.IntVar(&s.MaxConnsPerIP, "max-conns-per-ip", 0, "serve at most `N` connections of one address, close others; 0: any number")
	fs.IntVar(&s.Loops, "loops", 0, "serve each address with `N` event loops of its own; 0 is one for each processor")
	fs.Func("grace", "at the end leave idle connections open for `TIME`, for requests that are on their way (default 1s on inherited sockets, 0 on others)",
		func(text string) error { h.grace = new(span); return h.grace.Set(text) })
	spanVar(fs, &h.drain, "drain", 10*time.Second, "let requests under way go on for at most `TIME` at the end")
}

// check refuses what makes no sense. It reads the addresses.
func (h *web) check(f *webFlags) error {
	s := h.server
	for _, t := range []struct {
		name  string
		d     time.Duration
		never bool // 0 means never
	}{
		{"header-timeout", s.ReadHeaderTimeout, false}, {"read-timeout", s.ReadTimeout, false}, {"idle-timeout", s.IdleTimeout, false},
		{"write-timeout", s.WriteTimeout, true}, {"cache", f.options.MaxAge, true}, {"drain", h.drain, true},
	} {
		switch {
		case t.d < 0:
			return usagef("--%s %v: a time is not negative", t.name, t.d)
		case t.d == 0 && !t.never:
			return usagef("--%s %v: it must be more than 0", t.name, t.d)
		}
	}
	switch {
	case h.grace != nil && *h.grace < 0:
		return usagef("--grace %v: a time is not negative", h.grace)
	case s.Loops < 0:
		return usagef("--loops %d: a number of loops is not negative", s.Loops)
	case s.MaxConns < 0:
		return usagef("--max-conns %d: a number of connections is not negative", s.MaxConns)
	case s.MaxConnsPerIP < 0:
		return usagef("--max-conns-per-ip %d: a number of connections is not negative", s.MaxConnsPerIP)
	case h.logMode != "text" && h.logMode != "json" && h.logMode != "off":
		return usagef("--log %s: write text, json or off", h.logMode)
	case (f.cert == "") != (f.key == ""):
		return usagef("--tls-cert and --tls-key belong together")
	case f.options.Fallback != "" && !filepath.IsLocal(f.options.Fallback):
		return usagef("--fallback %s: it names a file below the root", f.options.Fallback)
	}
	return h.addresses(f)
}

// addresses reads the addresses.
func (h *web) addresses(f *webFlags) error {
	if len(f.listen) == 0 {
		f.listen = []string{defaultHTTP}
	}
	secure := false
	for _, text := range f.listen {
		a, err := parseHTTP(text)
		if err != nil {
			return err
		}
		if h.root == "" && !a.isLocal() {
			return usagef("others reach %s: name the directory that they may see by --root", text)
		}
		secure = secure || a.secure
		h.listen = append(h.listen, a)
		if a.inherited() && h.grace == nil { // another process serves what comes next
			h.server.ShutdownGrace = time.Second
		}
	}
	if h.grace != nil {
		h.server.ShutdownGrace = time.Duration(*h.grace)
	}
	if f.cert != "" && !secure {
		return usagef("--tls-cert and --tls-key are for an address with TLS: --listen https://host:port")
	}
	var err error
	h.display, err = newDisplay("http", f.metrics)
	return err
}

// prepare opens what the server needs, but for its addresses.
func (h *web) prepare(f *webFlags) (err error) {
	if h.root == "" {
		h.root = "."
	}
	f.options.WriteTimeout = h.server.WriteTimeout
	h.openLog()
	problems := slog.Handler(slog.NewTextHandler(h.console, nil)) // on the standard error
	if h.logMode == "json" {
		problems = slog.NewJSONHandler(h.console, nil)
	}
	h.problems = slog.New(problems)
	f.options.Logger = h.problems
	if h.files, err = static.Open(h.root, f.options); err != nil {
		return rootError(h.root, err)
	}
	if abs, err := filepath.Abs(h.root); err == nil {
		h.root = abs
	}
	h.monitor.Timed = h.display.wanted()
	h.display.Families, h.display.Health = h.monitor.Families, h.health.Load
	h.server.Options = h.display.loopOptions(problems)
	h.server.Handler = h.monitor.Wrap(h.files)
	h.server.ConnState = h.monitor.ConnState
	h.server.MaxHeaderBytes = 64 << 10
	slog.SetLogLoggerLevel(slog.LevelWarn) // net/http's HTTP/2 writes lines
	slog.SetDefault(f.options.Logger)      // without an ErrorLog uvhttp reports there, by records
	for _, a := range h.listen {
		if a.secure && h.tls == nil {
			if h.tls, err = loadKeyPair(f.cert, f.key); err != nil {
				return err
			}
			h.server.TLSConfig = h.tls.config()
		}
	}
	return nil
}

// openLog makes the log of requests.
func (h *web) openLog() {
	h.out = h.console.lines()
	if h.logMode == "off" {
		return
	}
	h.sink = access.NewSink(os.Stdout)
	h.out = h.sink
	if h.logMode == "json" {
		h.log = slog.New(slog.NewJSONHandler(h.sink, nil))
		h.monitor.Log = h.log
		return
	}
	h.monitor.Log = slog.New(slog.NewTextHandler(h.sink, nil))
}

// closeLog writes what is left of the log, if its reader takes it.
func (h *web) closeLog() {
	if h.sink != nil {
		h.sink.Close(time.Second)
	}
}
