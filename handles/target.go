package handles

import (
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// The methods that the loop calls on a handle belong to a second, unexported type over
// the same struct. So the documentation of the public type shows its users' methods
// only. Complete receives the handle's events. Handle returns the value that Walk
// yields.
type (
	asyncTarget   Async
	checkTarget   Check
	fsEventTarget FSEvent
	fsPollTarget  FSPoll
	idleTarget    Idle
	pipeTarget    Pipe
	pollTarget    Poll
	prepareTarget Prepare
	processTarget Process
	signalTarget  Signal
	tcpTarget     TCP
	timerTarget   Timer
	ttyTarget     TTY
	udpTarget     UDP
)

var (
	_ core.HandleTarget = (*asyncTarget)(nil)
	_ core.HandleTarget = (*checkTarget)(nil)
	_ core.HandleTarget = (*fsEventTarget)(nil)
	_ core.HandleTarget = (*fsPollTarget)(nil)
	_ core.HandleTarget = (*idleTarget)(nil)
	_ core.HandleTarget = (*pipeTarget)(nil)
	_ core.HandleTarget = (*pollTarget)(nil)
	_ core.HandleTarget = (*prepareTarget)(nil)
	_ core.HandleTarget = (*processTarget)(nil)
	_ core.HandleTarget = (*signalTarget)(nil)
	_ core.HandleTarget = (*tcpTarget)(nil)
	_ core.HandleTarget = (*timerTarget)(nil)
	_ core.HandleTarget = (*ttyTarget)(nil)
	_ core.HandleTarget = (*udpTarget)(nil)
)

func (t *asyncTarget) Complete(ev *cuv.Event)   { (*Async)(t).complete(ev) }
func (t *checkTarget) Complete(ev *cuv.Event)   { (*Check)(t).complete(ev) }
func (t *fsEventTarget) Complete(ev *cuv.Event) { (*FSEvent)(t).complete(ev) }
func (t *fsPollTarget) Complete(ev *cuv.Event)  { (*FSPoll)(t).complete(ev) }
func (t *idleTarget) Complete(ev *cuv.Event)    { (*Idle)(t).complete(ev) }
func (t *pipeTarget) Complete(ev *cuv.Event)    { (*Pipe)(t).complete(ev) }
func (t *pollTarget) Complete(ev *cuv.Event)    { (*Poll)(t).complete(ev) }
func (t *prepareTarget) Complete(ev *cuv.Event) { (*Prepare)(t).complete(ev) }
func (t *processTarget) Complete(ev *cuv.Event) { (*Process)(t).complete(ev) }
func (t *signalTarget) Complete(ev *cuv.Event)  { (*Signal)(t).complete(ev) }
func (t *tcpTarget) Complete(ev *cuv.Event)     { (*TCP)(t).complete(ev) }
func (t *timerTarget) Complete(ev *cuv.Event)   { (*Timer)(t).complete(ev) }
func (t *ttyTarget) Complete(ev *cuv.Event)     { (*TTY)(t).complete(ev) }
func (t *udpTarget) Complete(ev *cuv.Event)     { (*UDP)(t).complete(ev) }

func (t *asyncTarget) Handle() uv.Handle   { return (*Async)(t) }
func (t *checkTarget) Handle() uv.Handle   { return (*Check)(t) }
func (t *fsEventTarget) Handle() uv.Handle { return (*FSEvent)(t) }
func (t *fsPollTarget) Handle() uv.Handle  { return (*FSPoll)(t) }
func (t *idleTarget) Handle() uv.Handle    { return (*Idle)(t) }
func (t *pipeTarget) Handle() uv.Handle    { return (*Pipe)(t) }
func (t *pollTarget) Handle() uv.Handle    { return (*Poll)(t) }
func (t *prepareTarget) Handle() uv.Handle { return (*Prepare)(t) }
func (t *processTarget) Handle() uv.Handle { return (*Process)(t) }
func (t *signalTarget) Handle() uv.Handle  { return (*Signal)(t) }
func (t *tcpTarget) Handle() uv.Handle     { return (*TCP)(t) }
func (t *timerTarget) Handle() uv.Handle   { return (*Timer)(t) }
func (t *ttyTarget) Handle() uv.Handle     { return (*TTY)(t) }
func (t *udpTarget) Handle() uv.Handle     { return (*UDP)(t) }
