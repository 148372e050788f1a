package server

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// A panicError is what Close gets after a panic of a handler, or of a callback of a tls.Config:
// a [uv.PanicError] whose text leaves out the stack, which the server has logged.
type panicError struct {
	text string
	p    *uv.PanicError
}

const (
	handlerPanicked = "server: handler panicked"
	tlsPanicked     = "server: callback of tls.Config panicked"
)

func (e panicError) Error() string { return fmt.Sprintf("%s: %v", e.text, e.p.Value) }
func (e panicError) Unwrap() error { return e.p }

// panicked closes the connection whose handler panicked, and reports it.
func (w *worker) panicked(p *uv.PanicError) {
	c, _ := core.Of(w.loop).Task().(*Conn)
	w.leave()
	w.logPanic(c, handlerPanicked, p)
	if c == nil {
		w.lostPanics.Add(1)
	} else {
		c.failAs(panicked, panicError{handlerPanicked, p})
	}
}

// logPanic reports a panic that ends c, if that is not nil. The stack becomes a list of calls,
// because slog's handlers write a line's end as "\n". Any goroutine may call it.
func (w *worker) logPanic(c *Conn, text string, p *uv.PanicError) {
	log := w.server.Logger
	if c != nil && c.remote().IsValid() {
		log = log.With("remote", c.remote())
	}
	log.Error(text, "value", fmt.Sprint(p.Value), "stack", calls(p.Stack))
}

// calls lists the calls of a stack that led to a panic, the last first, each as
// "function(file:line)", without the loop's own and those of a handshake's goroutine.
func calls(stack []byte) []string {
	lines := bytes.Split(bytes.TrimSpace(stack), []byte("\n"))
	var list []string
	panicking := false
	for i := 1; i+1 < len(lines); i += 2 { // behind the goroutine's line: a call and its place
		call, place := string(lines[i]), strings.TrimSpace(string(lines[i+1]))
		if !panicking { // what handles the panic is above it
			panicking = strings.HasPrefix(call, "panic(")
			continue
		}
		if strings.HasPrefix(call, "github.com/uvgo/uvgo/internal/core.") ||
			strings.HasPrefix(call, "github.com/uvgo/uvgo/internal/looptls.") {
			break
		}
		if at := strings.LastIndexByte(call, '('); at > 0 {
			call = call[:at]
		}
		place, _, _ = strings.Cut(place, " +0x")
		list = append(list, call+"("+place+")")
	}
	if !panicking {
		return strings.Fields(string(stack))
	}
	return list
}
