package soak

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/uvgo/uvgo/handles"
)

func init() {
	register(
		&actor{name: "Loop.Post", weight: 5, run: posts},
		&actor{name: "Loop.PostContext", weight: 3, run: postContexts},
		&actor{name: "handles.Async", weight: 4, run: asyncs},
		&actor{name: "Loop.Block", weight: 5, run: blocks},
		&actor{name: "Loop, panics", weight: 2, run: panics},
	)
}

// posts posts from many goroutines to all loops: each function runs once, in the order of its goroutine.
func posts(o *op) {
	var all sync.WaitGroup
	for range 1 + o.IntN(8) {
		l, n := o.loop(), 1+o.IntN(200)
		all.Go(func() {
			last := -1 // the loop's
			for i := range n {
				ran := o.owe("a posted function")
				if !o.check("post", l.Post(func() {
					ran()
					if i != last+1 {
						o.lose("posted function %d ran behind %d", i, last)
					}
					last = i
				})) {
					ran()
				}
			}
		})
	}
	all.Wait()
}

// postContexts cancels contexts while their functions wait: a function runs once, or not at all.
func postContexts(o *op) {
	l := o.loop()
	ctx, cancel := context.WithCancel(context.Background())
	ran, n := new(atomic.Int64), 1+o.IntN(100)
	go cancel()
	for range n {
		o.check("post", l.PostContext(ctx, func() { ran.Add(1) }), context.Canceled)
	}
	o.on(l, func() { // behind all of them
		if got := ran.Load(); got > int64(n) {
			o.lose("%d functions ran %d times", n, got)
		} else if got < int64(n) {
			o.fault("a post was cancelled")
		}
	})
}

// asyncs sends from many goroutines: the last send is seen, and none behind the close.
func asyncs(o *op) {
	l := o.loop()
	var sent, seen atomic.Int64
	var a *handles.Async
	all := o.owe("the callback of the last send")
	total, closed := int64(1+o.IntN(300)), false
	o.on(l, func() {
		a = must[*handles.Async](o, "async")(l.NewAsync(func() {
			if closed {
				o.lose("a closed async handle got a send")
				return
			}
			if seen.Store(sent.Load()); seen.Load() == total {
				closed = true
				all()
				_ = a.Close()
			}
		}))
		o.closes(a)
	})
	var senders sync.WaitGroup
	for range 4 {
		senders.Go(func() {
			for {
				n := sent.Load()
				if n == total {
					return
				}
				if sent.CompareAndSwap(n, n+1) {
					if err := a.Send(); err != nil && seen.Load() != total {
						o.lose("send: %v", err)
					}
				}
			}
		})
	}
	senders.Wait()
}

// blocks has callbacks wait for functions that others post to the same loop, nested, and in storms.
func blocks(o *op) {
	l := o.loop()
	for range 1 + o.IntN(6) {
		ended := o.owe("a callback that blocks")
		o.check("post", l.Post(func() {
			defer ended()
			woken := make(chan struct{})
			inner := o.chance(3)
			o.check("block", l.Block(func() {
				go func() {
					o.check("post", l.Post(func() {
						if inner {
							o.check("block in a block", l.Block(func() { runtime.Gosched() }))
						}
						close(woken)
					}))
				}()
				<-woken
			}))
			if !l.Owned() {
				o.lose("a callback does not own its loop behind Block")
			}
		}))
	}
	o.settle()
	switch o.IntN(6) {
	case 0: // the function panics: that is the callback's panic
		ended := o.owe("a callback whose Block panics")
		o.check("post", l.Post(func() {
			defer ended()
			o.fault("a panic in Block")
			_ = l.Block(func() { panic(errProvoked) })
			o.lose("a callback went on behind a panic in Block")
		}))
	case 1: // Block on another goroutine does nothing special
		ran := false
		o.check("block", l.Block(func() { ran = true }))
		if !ran {
			o.lose("Block outside a callback did not call its function")
		}
	}
}

// errProvoked is what provoked panics carry.
var errProvoked = errors.New("provoked")

// panics has callbacks panic, and end their goroutines: the loop goes on.
func panics(o *op) {
	l := o.loop()
	before := o.w.panics.Load()
	for range 1 + o.IntN(4) {
		o.fault("a panic")
		ended := o.owe("a callback that panics")
		o.check("post", l.Post(func() { ended(); panic(errProvoked) }))
	}
	o.on(l, func() {
		if o.w.panics.Load() == before {
			o.lose("the panic handler was not called")
		}
	})
	o.on(l, func() {
		t := must[*handles.Timer](o, "timer")(l.NewTimer())
		o.closes(t)
		fired := o.owe("a timer that panics")
		o.check("start", t.Start(0, 0, func() {
			fired()
			_ = t.Close()
			panic(errProvoked)
		}))
	})
}
