package main

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/server"
)

const echoHelp = `[--listen ADDR]... [flags]

ADDR is one of
  tcp://host:port      tcp4:// and tcp6:// mean one family
  udp://host:port      likewise
  unix:///path         unix://@name is abstract
  fd://number          a descriptor that the process has inherited
  systemd:name         sockets of that name from systemd; systemd: takes all
  tls://host:port      TLS over TCP; likewise tls+unix:///path, tls+fd://number
                       and tls+systemd:name

Sends back what clients send. On a terminal a line tells each second how the
server does; SIGUSR1 prints its statistics. SIGINT and SIGTERM drain it: it
accepts no more, sends what clients are owed, and ends with status 0, or with 1
if --drain was not long enough for that. A second one, half a second
later or more, ends it at once, with status 130 or 143.`

// defaultListen is the address on which echo listens without --listen.
const defaultListen = "tcp://127.0.0.1:8888"

func runEcho(args []string) error {
	fs := newFlags("echo")
	var listen []string
	fs.Func("listen", "listen on `ADDR`; may be repeated (default "+defaultListen+")",
		func(s string) error { listen = append(listen, s); return nil })
	loops := fs.Int("loops", 0, "serve with `N` event loops; 0 is one for each processor")
	var drain time.Duration
	var lim limits
	metricsAt := fs.String("metrics", "", metricsUsage)
	lim.define(fs)
	spanVar(fs, &drain, "drain", 5*time.Second, "let clients take what they are owed for at most `TIME` at the end")
	switch others, err := parse(fs, echoHelp, args); {
	case err != nil:
		return err
	case len(others) > 0:
		return usagef("echo takes no argument %q: addresses follow --listen", others[0])
	case *loops < 0:
		return usagef("--loops %d: a number of loops is not negative", *loops)
	case drain < 0:
		return usagef("--drain %v: a time is not negative", drain)
	}
	if len(listen) == 0 {
		listen = []string{defaultListen}
	}
	display, err := newDisplay("echo", *metricsAt)
	if err != nil {
		return err
	}
	e := &echo{console: newConsole(), drain: drain, display: display}
	for _, text := range listen {
		a, err := parseAddress(text)
		if err != nil {
			return err
		}
		e.listen = append(e.listen, a)
	}
	if err := lim.check(e.listen); err != nil {
		return err
	}
	log := slog.NewTextHandler(e.console, nil)
	e.server = &server.Server{
		Handler: e, PacketHandler: e,
		Loops: *loops, Options: display.loopOptions(log),
		// Longer than --drain, so that --drain decides when the drain ends.
		CloseTimeout: drain + 10*time.Second,
		Logger:       slog.New(log),
	}
	if err := lim.apply(e.server, e.listen); err != nil {
		return err
	}
	e.trial = lim.fingerprint
	signal.Ignore(syscall.SIGPIPE) // the server goes on when the reader of its output is gone
	switch err := uvgo.Run(context.Background(), e.control); {
	case errors.Is(err, syscall.EMFILE):
		return loopError(err)
	case err != nil:
		return err
	}
	return e.err
}

// An echo is the server and its control loop. The handler's methods run on the server's
// loops, other methods on the control loop.
type echo struct {
	server  *server.Server
	console *console
	listen  []address
	bound   []listening
	trial   string // the SHA-256 of a self-signed certificate, empty without one
	display *display
	drain   time.Duration // how long clients may take to receive unsent bytes at the end

	loop   *uvgo.Loop // the control loop
	began  time.Time
	last   sample // the one on which the status line was based last
	ending ending
	err    error // what the command returns

	mu    sync.Mutex
	loops []*uvgo.Loop // the server's loops that have had a connection
}

var _ server.Handler = (*echo)(nil)

// Open notes the connection's loop, which drainTimedOut asks for unsent bytes.
func (e *echo) Open(c *server.Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, l := range e.loops {
		if l == c.Loop() {
			return
		}
	}
	e.loops = append(e.loops, c.Loop())
}

// Data sends the bytes back. Close gets an error of Write, too.
func (e *echo) Data(c *server.Conn, p []byte) { _, _ = c.Write(p) }

// Packet sends a datagram back.
func (e *echo) Packet(c *server.PacketConn, p []byte, from netip.AddrPort) { _ = c.WriteTo(p, from) }

// Close has nothing to do.
func (e *echo) Close(*server.Conn, error) {}

// bind listens on all addresses, or on none.
func (e *echo) bind() error {
	for _, a := range e.listen {
		before := len(e.server.Addrs())
		if err := e.server.Listen(a.text); err != nil {
			_ = e.server.Shutdown(context.Background()) // closes what is bound
			return a.listenError(err)
		}
		for _, at := range e.server.Addrs()[before:] { // several of systemd
			e.bound = append(e.bound, listening{a, at})
		}
	}
	return nil
}
