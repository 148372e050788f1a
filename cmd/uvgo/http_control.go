package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/workers"
)

// control sets the control loop up. Signals come first: once the addresses are printed, a signal must drain the
// server, not kill it.
func (h *web) control(l *uvgo.Loop) error {
	h.loop = l
	for _, w := range []struct {
		fn   func(os.Signal)
		sigs []os.Signal
	}{
		{h.end, []os.Signal{syscall.SIGINT, syscall.SIGTERM}},
		{h.statistics, []os.Signal{syscall.SIGUSR1}},
		{h.reload, []os.Signal{syscall.SIGHUP}},
	} {
		if err := watch(l, w.fn, w.sigs...); err != nil {
			return err
		}
	}
	if err := h.bind(); err != nil {
		return err
	}
	h.health.Store(true)
	if err := h.show(); err != nil {
		closeAll(h.bound)
		return err
	}
	h.announce()
	if h.console.terminal && h.logMode == "off" {
		t, err := l.NewTimer()
		if err != nil {
			return err
		}
		h.last = h.sample()
		if err := t.Start(time.Second, time.Second, h.tick); err != nil {
			return err
		}
	}
	for _, b := range h.bound {
		h.serving++
		go h.serve(b)
	}
	if err := workers.Ready(); err != nil {
		h.tell("cannot say that the server is ready: %v\n", err)
	}
	return nil
}

// show begins to show metrics, if they are wanted.
func (h *web) show() error {
	if _, err := h.display.Registry.HTTP("http", h.server); err != nil {
		return err
	}
	if _, err := h.display.Registry.Loop("control", h.loop); err != nil {
		return err
	}
	return h.display.open(h.problems)
}

// bind listens on all addresses, or on none.
func (h *web) bind() error {
	for _, a := range h.listen {
		made, err := listenOn(a)
		if err != nil {
			closeAll(h.bound)
			return a.listenError(err)
		}
		h.bound = append(h.bound, made...)
	}
	return nil
}

// serve serves on a listener until the server ends. It runs on a goroutine of its own.
func (h *web) serve(b bound) {
	var err error
	switch {
	case b.secure:
		err = h.server.ServeTLS(b.Listener, "", "")
	default:
		err = h.server.Serve(b.Listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return // end goes on when Shutdown has returned
	}
	_ = h.loop.Post(func() { h.fail(b, err) }) // the control loop outlives the server
}

// fail ends everything, because one address cannot be served.
func (h *web) fail(b bound, err error) {
	if h.failed == nil {
		h.failed = fmt.Errorf("the server at %s ended: %w", b.url(), err)
		h.finish()
	}
}

// tell prints a line for people, which with --log json is a record.
func (h *web) tell(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	if h.log != nil {
		h.log.Info(strings.TrimSuffix(line, "\n"))
		return
	}
	fmt.Fprint(h.out, line)
}

// announce prints where the server listens and how to try it.
func (h *web) announce() {
	h.tell("serving %s\n", h.root)
	selfSigned := h.tls != nil && h.tls.fingerprint != ""
	for _, b := range h.bound {
		h.tell("listening on %s   try: %s\n", b.url(), b.try(selfSigned))
	}
	for _, line := range h.display.lines() {
		h.tell("%s", line)
	}
	if selfSigned {
		h.tell("TLS:   the certificate is self-signed, for a try (--tls-cert and --tls-key name a real one).\n")
		h.tell("       Clients that see this SHA-256 of it have reached this server: %s\n", h.tls.fingerprint)
	}
	h.tell("stats: kill -USR1 %d\n", os.Getpid())
	h.tell("stop:  Ctrl-C\n")
}

// reload reads again what may have changed. What cannot be read stays as it is.
func (h *web) reload(os.Signal) {
	err := h.files.Reopen()
	if err != nil {
		err = rootError(h.root, err)
	}
	if h.tls != nil {
		err = errors.Join(err, h.tls.reload())
	}
	if err != nil {
		h.tell("SIGHUP: %v: the one before is still served\n", strings.ReplaceAll(err.Error(), "\n", "; "))
		return
	}
	h.tell("SIGHUP: read again\n")
}

// end drains the server at the first signal and ends the process at the second.
func (h *web) end(sig os.Signal) {
	switch {
	case h.drains.IsZero():
	case isCopy(h.drains):
		return
	default:
		h.tell("%s again: ended with %s under way\n", signalName(sig), plural(uint64(h.monitor.Stats().InFlight), "request"))
		h.display.close()
		closeAll(h.bound)
		h.closeLog()
		os.Exit(killed(sig))
	}
	h.drains = time.Now()
	h.health.Store(false)
	h.tell("%s: draining %s for at most %v, a second one ends at once\n",
		signalName(sig), plural(uint64(h.monitor.Stats().InFlight), "request"), h.drain)
	ctx, cancel := context.WithCancel(context.Background())
	if _, err := h.loop.AfterFunc(h.drain, func() {
		h.cut = h.monitor.Stats().InFlight // a client that has only not hung up is not cut
		cancel()
	}); err != nil {
		cancel()
	}
	go func() {
		_ = h.server.Shutdown(ctx) // its error says only that ctx was cancelled
		_ = h.loop.Post(h.finish)
	}()
}

// finish ends the control loop.
func (h *web) finish() {
	_ = h.server.Close() // what does not end by itself
	h.display.close()
	closeAll(h.bound)
	h.console.clear()
	took := time.Since(h.drains).Round(time.Millisecond)
	switch {
	case h.failed != nil:
		h.err = h.failed
	case h.cut > 0:
		h.err = fmt.Errorf("drained for %v: %s cut: give them longer with --drain", took, plural(uint64(h.cut), "request"))
	default:
		h.tell("drained in %v\n", took)
	}
	h.loop.Stop()
}
