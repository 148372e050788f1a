package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/server"
)

// An ending is how far the end has come. It belongs to the control loop.
type ending struct {
	began  time.Time // zero: not yet
	cancel context.CancelFunc
	asked  int    // loops that have not said yet what they hold unsent
	late   bool   // the patience was used up
	conns  uint64 // then: connections with unsent bytes
	unsent uint64 // then: those bytes
}

// control sets the control loop up: signals first, so that nobody who has read
// where the server listens can end it the hard way.
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
	return nil
}

// watch calls fn for each of the signals.
func watch(l *uvgo.Loop, fn func(os.Signal), sigs ...os.Signal) error {
	for _, sig := range sigs {
		s, err := l.NewSignal()
		if err != nil {
			return err
		}
		if err := s.Start(sig, fn); err != nil {
			return err
		}
	}
	return nil
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
	if !e.ending.began.IsZero() {
		e.console.printf("%s again: ended with %s open\n", signalName(sig), plural(e.server.Stats().Conns, "connection"))
		os.Exit(killed(sig))
	}
	ctx, cancel := context.WithCancel(context.Background())
	e.ending.began, e.ending.cancel = time.Now(), cancel
	e.console.printf("%s: draining %s for at most %v, a second one ends at once\n",
		signalName(sig), plural(e.server.Stats().Conns, "connection"), e.patience)
	if _, err := e.loop.AfterFunc(e.patience, e.tooLate); err != nil {
		cancel()
	}
	go func() { _ = e.server.Shutdown(ctx) }() // Serve returns then; the error says that we cancelled
}

// signalName is a signal's name, such as "SIGINT".
func signalName(sig os.Signal) string { return unix.SignalName(sig.(syscall.Signal)) }

// killed is the status that shells give to what a signal killed.
func killed(sig os.Signal) int { return 128 + int(sig.(syscall.Signal)) }

// tooLate ends the drain. First it asks the server's loops what they hold: a
// client may also have got everything and just not have hung up.
func (e *echo) tooLate() {
	e.mu.Lock()
	loops := e.loops
	e.mu.Unlock()
	e.ending.late = true
	e.ending.asked = 1
	for _, l := range loops {
		e.ending.asked++
		if l.Post(func() { e.answer(unsent(l)) }) != nil { // the loop is through
			e.answered(0, 0)
		}
	}
	e.answered(0, 0)
}

// answer takes a server loop's answer over to the control loop.
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

// unsent counts a server loop's connections with unsent bytes, and those.
func unsent(l *uvgo.Loop) (conns, bytes uint64) {
	for h := range l.Walk() {
		if s, ok := h.(handles.Stream); ok && s.WriteQueueSize() > 0 {
			conns++
			bytes += uint64(s.WriteQueueSize())
		}
	}
	return conns, bytes
}

// served ends the control loop: the server is through, or has failed.
func (e *echo) served(err error) {
	e.console.clear()
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
	case e.ending.late:
		e.console.printf("drained in %v: everything was sent, not every client had hung up\n", took)
	default:
		e.console.printf("drained in %v\n", took)
	}
	e.loop.Stop()
}
