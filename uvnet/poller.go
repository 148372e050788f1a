package uvnet

import (
	"net"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/bubble"
	"github.com/uvgo/uvgo/internal/core"
)

// A poller is a socket on which goroutines make the system calls themselves, and the loop
// only tells them when to try again: a listener's, a packet connection's, or a stream
// connection's where the loop has no part in reading and writing.
type poller struct {
	desc
	closed chan struct{} // receives once, when the descriptor is closed
	copied bool          // the descriptor is a duplicate of a TCP connection's: known when made, so no state
	lender *conn         // whose descriptor it is, for a unix connection

	// Guarded by mu.
	state  pollState
	want   handles.PollEvent // what the loop has been asked to look for
	seen   handles.PollEvent // what the loop saw when nobody waited
	failed error             // why the loop cannot look, for the next goroutine that waits

	// The loop's goroutine only.
	poll *handles.Poll
	on   handles.PollEvent // what poll looks for
}

type (
	pollTask      poller // look for what is wanted
	closePollTask poller // close the poll handle, then the descriptor
)

func (p *poller) init(w *worker, network string, fd int, laddr, raddr net.Addr) {
	p.self, p.w, p.net, p.fd, p.laddr, p.raddr = p, w, network, fd, laddr, raddr
	p.closed = bubble.NewWake()
}

// wait waits until the descriptor may be ready for the side's direction. The caller holds
// that direction's lock, and tries again.
func (p *poller) wait(s *side) error {
	wait, err := core.BeginWait("wait")
	if err != nil {
		return err
	}
	ev := handles.Readable
	if s == &p.wr {
		ev = handles.Writable
	}
	p.mu.Lock()
	err = p.checkLocked(s)
	if err == nil {
		err, p.failed = p.failed, nil
	}
	if err != nil {
		p.mu.Unlock()
		return err
	}
	if p.seen&ev != 0 {
		p.seen &^= ev
		p.mu.Unlock()
		return nil
	}
	if p.want&ev == 0 {
		p.want |= ev
		p.state.share()
		if !p.w.push((*pollTask)(p)) {
			p.want &^= ev
			p.mu.Unlock()
			return errLoopClosed
		}
	}
	p.beginWait(s)
	p.mu.Unlock()
	wait.Receive(s.wake)
	return nil
}

// run starts looking. C function uv_poll_start.
func (t *pollTask) run() {
	p := (*poller)(t)
	p.mu.Lock()
	want, look := p.want, p.state.look()
	p.mu.Unlock()
	if !look { // the users have left
		return
	}
	var err error
	if p.poll == nil {
		if p.poll, err = handles.NewPoll(p.w.loop, uintptr(p.fd)); err == nil {
			p.poll.OnClose(p.onClose)
		} else if p.change((*pollState).lookFailed) {
			p.closeFD()
			return
		}
	}
	if err == nil && want != p.on && want != 0 {
		p.on = want
		err = p.poll.Start(want, p.onEvent)
	}
	if err != nil {
		p.mu.Lock()
		p.failed = sysError("poll", err)
		p.mu.Unlock()
		p.onEvent(0, err)
	}
}

// change makes a transition of the state, and returns what that returns.
func (p *poller) change(transition func(*pollState) bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return transition(&p.state)
}

// onEvent wakes who waits. An event that nobody waits for would come again and again, since
// the poll is level-triggered: so at its second time the poll stops looking for it.
func (p *poller) onEvent(ev handles.PollEvent, err error) {
	p.mu.Lock()
	if err != nil { // the socket's, or the poll's own: both sides find out
		ev = handles.Readable | handles.Writable
		p.on = 0
	}
	rd := ev&handles.Readable != 0 && p.rd.endWait()
	wr := ev&handles.Writable != 0 && p.wr.endWait()
	// At its first time the goroutine is most likely about to wait, and to start the poll
	// again would cost a wake of the loop and a change of epoll's set.
	if again := ev & p.seen; again != 0 {
		p.want &^= again
	}
	if !rd {
		p.seen |= ev & handles.Readable
	}
	if !wr {
		p.seen |= ev & handles.Writable
	}
	if err != nil {
		p.want = 0
	}
	want := p.want
	p.mu.Unlock()
	if want != p.on && p.poll != nil && !p.poll.Closing() {
		p.on = want
		if want == 0 {
			_ = p.poll.Stop()
		} else {
			_ = p.poll.Start(want, p.onEvent)
		}
	}
	if rd {
		p.w.wake(&p.rd)
	}
	if wr {
		p.w.wake(&p.wr)
	}
}

// closeAndWait makes the users leave, and waits until the descriptor is closed, so that the
// address is free when it returns. False if the poller was closed before.
func (p *poller) closeAndWait() bool {
	if !p.ref.close() {
		return false
	}
	p.mu.Lock()
	p.endWaits()
	p.mu.Unlock()
	p.release()
	awaitClose(p.closed, awaiting)
	return true
}

// destroy has the descriptor closed. The last user calls it, once. The poll handle is
// closed first, since libuv knows it by the descriptor's number.
func (p *poller) destroy() {
	if !p.change((*pollState).leave) {
		p.closeFD()
		return
	}
	if !p.w.pushClose((*closePollTask)(p)) && p.change((*pollState).orphan) {
		p.closeFD()
	}
}

func (t *closePollTask) run() {
	p := (*poller)(t)
	if p.poll != nil {
		_ = p.poll.Close()
	} else if p.change((*pollState).closed) {
		p.closeFD()
	}
}

// onClose runs when the poll handle is closed: by closePollTask, by the loop's shutdown, or
// by somebody who walked the loop's handles. In the last two cases there may be users, who
// leave before the descriptor is closed.
func (p *poller) onClose() {
	closed := p.ref.close()
	p.mu.Lock()
	end := p.state.closed()
	p.endWaits()
	p.mu.Unlock()
	if closed {
		p.release()
	} else if end {
		p.closeFD()
	}
	if closed && p.lender != nil {
		p.lender.closeByLoop()
	}
}

// closeByConn closes the poller of a connection, which is its only user that remains.
func (p *poller) closeByConn() {
	if p.ref.close() {
		p.mu.Lock()
		p.endWaits()
		p.mu.Unlock()
		p.release()
	}
	p.release()
}

// retryWrite makes the goroutine that waits to write, or is about to, try again.
func (p *poller) retryWrite() {
	p.mu.Lock()
	if p.wr.waiting {
		p.wr.signal()
	} else {
		p.seen |= handles.Writable
	}
	p.mu.Unlock()
}

// closeFD closes the descriptor and tells closeAndWait.
func (p *poller) closeFD() {
	if p.copied {
		go func() { _ = unix.Close(p.fd) }() // a socket's last close may sleep: see linger.go
	} else {
		unix.Close(p.fd)
	}
	p.closed <- struct{}{}
}
