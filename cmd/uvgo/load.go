package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/uvgo/uvgo"
)

const loadHelp = `[flags] ADDR

Puts load on the echo server at ADDR, tcp://host:port, tls://host:port,
unix:///path or tls+unix:///path. Each connection sends a message, waits until
all of it has come back, checks every byte, and sends the next. The latency is
the time between the two, so it grows with the number of connections.

With http://host:port/path or https:// it puts load on an HTTP server. Each
connection sends a request of HTTP/1.1 and waits for the whole answer, whose
length or chunks are checked. Where the server ends a connection behind an
answer, another takes its place. Statuses of 400 and more are failures.

With --rate requests start on a schedule instead, on any free connection, and the
latency counts from the scheduled time: so it shows what clients see that come on
their own. If no connection is free, requests start late, and are counted.

SIGINT and SIGTERM end it early. The status is 1 if there was any error.`

// maxRate bounds --rate: a request each microsecond.
const maxRate = 1e6

// maxSize bounds --size.
const maxSize = 16 << 20

// A load is one run of the command.
type load struct {
	address  address
	at       netip.AddrPort
	conns    int
	size     int
	pipeline int         // messages that a connection has under way at most
	request  *webRequest // nil: of an echo server
	rate     float64     // requests a second; 0: each connection sends again at once
	tls      *tls.Config // for a tls:// address
	duration time.Duration
	timeout  time.Duration // for the next connection to be established
	json     bool

	group       *uvgo.Group
	base        time.Time // origin of now
	runners     []*runner
	ready       atomic.Int64 // established connections
	hungUp      atomic.Int64 // of these, ones that the server has ended in the TLS handshake
	interrupted chan struct{}
	progress    *progress
}

func runLoad(args []string) error {
	fs := newFlags("load")
	l := &load{base: time.Now(), interrupted: make(chan struct{})}
	fs.IntVar(&l.conns, "conns", 100, "open `N` connections")
	fs.IntVar(&l.size, "size", 64, "send messages of `BYTES`")
	spanVar(fs, &l.duration, "duration", 10*time.Second, "go on for `TIME`")
	spanVar(fs, &l.timeout, "timeout", 10*time.Second, "give up when no further connection comes up for `TIME`")
	fs.Float64Var(&l.rate, "rate", 0, "start `N` requests a second, however slow the answers are; 0: as fast as they are")
	ca := fs.String("ca", "", "trust the certificates in `FILE` (PEM), not the system's, for tls:// and https://")
	insecure := fs.Bool("insecure", false, "do not verify the server's certificate")
	fs.BoolVar(&l.json, "json", false, "print the result as a JSON object")
	request := new(webRequest)
	request.define(fs)
	loops := fs.Int("loops", 1, "spread the connections over `N` event loops")
	text, err := oneAddress(fs, loadHelp, args)
	if err == nil {
		err = l.aim(fs, text, request)
	}
	switch {
	case err != nil:
		return err
	case l.conns < 1:
		return usagef("--conns %d: it takes one connection at least", l.conns)
	case l.size < 1 || l.size > maxSize:
		return usagef("--size %d: a message has 1 to %d bytes", l.size, maxSize)
	case l.duration <= 0:
		return usagef("--duration %v: it must be more than 0", l.duration)
	case l.timeout <= 0:
		return usagef("--timeout %v: it must be more than 0", l.timeout)
	case *loops < 1:
		return usagef("--loops %d: it takes one loop at least", *loops)
	case !(l.rate >= 0 && l.rate <= maxRate): // NaN is neither
		return usagef("--rate %s: it takes 0 to %s requests a second", decimal(l.rate), decimal(maxRate))
	}
	if l.tls, err = l.address.clientTLS(*ca, *insecure); err != nil {
		return err
	}
	if l.tls != nil && l.request != nil {
		l.tls.NextProtos = []string{"http/1.1"}
	}
	if err := allowFiles(l.conns); err != nil {
		return err
	}
	if l.at, err = l.address.resolve(context.Background()); err != nil {
		return err
	}
	return l.run(min(*loops, l.conns))
}

// aim reads the address, and refuses flags that are for others.
func (l *load) aim(fs *flag.FlagSet, text string, request *webRequest) (err error) {
	web := isWeb(text)
	fs.Visit(func(f *flag.Flag) {
		if web && f.Name == "size" {
			err = usagef("--size is for echo servers: an HTTP request has a --body")
		} else if !web && slices.Contains(webFlagNames, f.Name) {
			err = usagef("--%s is for http:// and https:// addresses, not for %s", f.Name, text)
		}
	})
	if err != nil {
		return err
	}
	l.pipeline = 1
	if !web {
		l.address, err = parsePeer(text)
		return err
	}
	l.address, err = request.parseURL(text)
	l.request, l.pipeline = request, request.pipeline
	return err
}

// newClient makes a connection's client.
func (l *load) newClient(r *runner, number int) *client {
	c := &client{runner: r, number: uint64(number), sent: make([]time.Duration, l.pipeline)}
	if l.request == nil {
		c.talk = &echoTalk{messages: r.messages, plain: l.tls == nil, number: c.number}
		return c
	}
	w := &webTalk{request: l.request.bytes, plain: l.tls == nil, statuses: &r.outcome.statuses}
	w.answer.noBody = l.request.method == http.MethodHead
	c.talk = w
	return c
}

// now is a clock with a higher resolution than the loops' milliseconds.
func (l *load) now() time.Duration { return time.Since(l.base) }

// run makes the loops, puts the load on the server and prints the result.
func (l *load) run(loops int) error {
	group, err := uvgo.NewGroup(loops)
	if err != nil {
		return loopError(err)
	}
	l.group = group
	failed := make(chan error, 1)
	go func() { failed <- group.Run(context.Background()) }()
	res, err := l.measure(failed)
	if serr := group.Shutdown(context.Background()); err == nil {
		err = serr
	}
	if err != nil {
		return err
	}
	if l.json {
		err = res.printJSON()
	} else {
		err = res.print()
	}
	if err != nil {
		return err
	}
	return res.err()
}

// measure runs the load on the loops that are running, until its end or until
// they fail.
func (l *load) measure(failed <-chan error) (*result, error) {
	loops := l.group.Loops()
	for i, loop := range loops {
		r := &runner{load: l, loop: loop, number: i, up: make(chan error, 1), done: make(chan struct{})}
		r.messages = newMessages(l.size)
		for n := i; n < l.conns; n += len(loops) {
			r.clients = append(r.clients, l.newClient(r, n))
		}
		l.runners = append(l.runners, r)
	}
	if err := l.watchSignals(loops[0]); err != nil {
		return nil, err
	}
	l.progress = newProgress(l)
	defer l.progress.end()
	if err := l.connect(failed); err != nil {
		return nil, err
	}
	l.progress.loading()
	if !l.json {
		l.progress.console.printf("%s\n", l.plan(len(loops)))
	}
	if err := l.each((*runner).start); err != nil {
		return nil, err
	}
	res := &result{load: l}
	for _, r := range l.runners {
		if err := l.await(r, res, failed); err != nil {
			return nil, err
		}
	}
	res.collect()
	return res, nil
}

// plan says what the load is.
func (l *load) plan(loops int) string {
	what := "messages of " + plural(uint64(l.size), "byte")
	if l.request != nil {
		if what = l.request.method; l.pipeline > 1 {
			what += fmt.Sprintf(" pipelined by %d", l.pipeline)
		}
	}
	pace := ""
	switch {
	case l.rate == 1:
		pace = " at 1 request/s"
	case l.rate > 0:
		pace = fmt.Sprintf(" at %s requests/s", decimal(l.rate))
	}
	return fmt.Sprintf("%s, %s, %s, %v%s to %s", plural(uint64(l.conns), "connection"), what, plural(uint64(loops), "loop"), l.duration, pace, l.address)
}

// connect opens all connections.
func (l *load) connect(failed <-chan error) error {
	if err := l.each((*runner).connect); err != nil {
		return err
	}
	for waiting := l.runners; len(waiting) > 0; {
		select {
		case err := <-waiting[0].up:
			if err != nil {
				return l.address.connectError(err)
			}
			waiting = waiting[1:]
			if len(waiting) == 0 && l.hungUp.Load() == int64(l.conns) {
				return l.address.connectError(errEnded)
			}
		case <-l.progress.tick():
			l.progress.print()
		case <-l.interrupted:
			return fmt.Errorf("interrupted with %d of %s open: no load was put on %s",
				l.ready.Load(), plural(uint64(l.conns), "connection"), l.address)
		case err := <-failed:
			return fmt.Errorf("a loop ended: %w", err)
		}
	}
	return nil
}

// await waits for a runner's outcome; an interruption ends all runners early.
func (l *load) await(r *runner, res *result, failed <-chan error) error {
	for {
		select {
		case <-r.done:
			return nil
		case <-l.progress.tick():
			l.progress.print()
		case <-l.interrupted:
			res.interrupted = true
			l.interrupted = nil // once
			if err := l.each((*runner).end); err != nil {
				return err
			}
		case err := <-failed:
			return fmt.Errorf("a loop ended: %w", err)
		}
	}
}

// each calls a method of every runner on its loop.
func (l *load) each(fn func(*runner)) error {
	var errs []error
	for _, r := range l.runners {
		errs = append(errs, r.loop.Post(func() { fn(r) }))
	}
	return errors.Join(errs...)
}

// watchSignals ends the load at the first SIGINT or SIGTERM, and the process at
// the second.
func (l *load) watchSignals(loop *uvgo.Loop) error {
	interrupted := l.interrupted
	var first time.Time
	result := make(chan error, 1)
	err := loop.Post(func() {
		result <- watch(loop, func(sig os.Signal) {
			switch {
			case first.IsZero():
				first = time.Now()
				close(interrupted)
			case !isCopy(first):
				os.Exit(killed(sig))
			}
		}, syscall.SIGINT, syscall.SIGTERM)
	})
	if err != nil {
		return err
	}
	return <-result
}
