package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/workers"
)

// An ending is the state of the drain. It belongs to the control loop.
type ending struct {
	began    time.Time // zero: no signal has come
	cancel   context.CancelFunc
	asked    int    // loops that have not reported their unsent bytes yet
	timedOut bool   // --drain is over
	conns    uint64 // after that: connections with unsent bytes
	unsent   uint64 // after that: their unsent bytes
}

// control sets the control loop up. Signals come first: once the addresses are printed,
// a signal must drain the server, not kill it.
func (e *echo) control(l *uvgo.Loop) error {
	e.loop, e.began = l, time.Now()
	if err := watch(l, e.end, syscall.SIGINT, syscall.SIGTERM); err != nil {
		return err
	}
	if err := watch(l, e.statistics, syscall.SIGUSR1); err != nil {
		return err
	}
	if err := e.bind(); err != nil {
		return err
	}
	if err := e.show(); err != nil {
		return err
	}
	e.announce()
	if e.console.terminal {
		t, err := l.NewTimer()
		if err != nil {
			return err
		}
		e.last = take(e.server)
		if err := t.Start(time.Second, time.Second, e.tick); err != nil {
			return err
		}
	}
	go func() {
		err := e.server.Serve(context.Background())
		_ = l.Post(func() { e.served(err) }) // the control loop outlives the server
	}()
	if err := workers.Ready(); err != nil {
		e.console.printf("cannot say that the server is ready: %v\n", err)
	}
	return nil
}

// show begins to show metrics, if they are wanted.
func (e *echo) show() error {
	if _, err := e.display.Registry.Server("echo", e.server); err != nil {
		return err
	}
	if _, err := e.display.Registry.Loop("control", e.loop); err != nil {
		return err
	}
	err := e.display.open(e.server.Logger)
	if err != nil {
		_ = e.server.Shutdown(context.Background()) // closes what is bound
	}
	return err
}

// tick rewrites the status line.
func (e *echo) tick() {
	if e.ending.began.IsZero() {
		now := take(e.server)
		e.console.status(now.line(e.last))
		e.last = now
	}
}

func (e *echo) statistics(os.Signal) {
	e.console.printf("%s", take(e.server).report(e.began))
}

// end drains the server at the first signal and ends the process at the second.
func (e *echo) end(sig os.Signal) {
	switch {
	case e.ending.began.IsZero():
	case isCopy(e.ending.began):
		return
	default:
		e.console.printf("%s again: ended with %s open\n", signalName(sig), plural(e.server.Stats().Conns, "connection"))
		e.display.close()
		os.Exit(killed(sig))
	}
	ctx, cancel := context.WithCancel(context.Background())
	e.ending.began, e.ending.cancel = time.Now(), cancel
	e.console.printf("%s: draining %s for at most %v, a second one ends at once\n",
		signalName(sig), plural(e.server.Stats().Conns, "connection"), e.drain)
	if _, err := e.loop.AfterFunc(e.drain, e.drainTimedOut); err != nil {
		cancel()
	}
	go func() { _ = e.server.Shutdown(ctx) }() // Serve returns at its end; its error says only that ctx was cancelled
}

// drainTimedOut ends the drain. First it asks the server's loops for their unsent
// bytes, because a client that has received everything, but keeps its connection open,
// is no failure.
func (e *echo) drainTimedOut() {
	e.mu.Lock()
	loops := e.loops
	e.mu.Unlock()
	e.ending.timedOut = true
	e.ending.asked = 1
	for _, l := range loops {
		e.ending.asked++
		if l.Post(func() { e.answer(unsent(l)) }) != nil { // the loop is closed: it has no connections
			e.answered(0, 0)
		}
	}
	e.answered(0, 0)
}

// answer passes a server loop's answer to the control loop.
func (e *echo) answer(conns, bytes uint64) {
	_ = e.loop.Post(func() { e.answered(conns, bytes) })
}

func (e *echo) answered(conns, bytes uint64) {
	e.ending.conns += conns
	e.ending.unsent += bytes
	if e.ending.asked--; e.ending.asked == 0 {
		e.ending.cancel()
	}
}

// unsent counts a server loop's connections with unsent bytes, and these bytes.
func unsent(l *uvgo.Loop) (conns, bytes uint64) {
	for h := range l.Walk() {
		if s, ok := h.(handles.Stream); ok && s.WriteQueueSize() > 0 {
			conns++
			bytes += uint64(s.WriteQueueSize())
		}
	}
	return conns, bytes
}

// served ends the control loop, because Serve has returned.
func (e *echo) served(err error) {
	e.console.clear()
	e.display.close()
	took := time.Since(e.ending.began).Round(time.Millisecond)
	if !e.ending.began.IsZero() && errors.Is(err, server.ErrServerClosed) {
		err = nil // the signal came before Serve had begun
	}
	switch {
	case err != nil:
		e.err = fmt.Errorf("the server ended: %w", err)
	case e.ending.unsent > 0:
		e.err = fmt.Errorf("drained for %v: %s cut with %s unsent: give clients longer with --drain",
			took, plural(e.ending.conns, "connection"), size(e.ending.unsent))
	case e.ending.timedOut:
		e.console.printf("drained in %v: everything was sent, not every client had hung up\n", took)
	default:
		e.console.printf("drained in %v\n", took)
	}
	e.loop.Stop()
}
