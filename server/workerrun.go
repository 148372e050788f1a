package server

import "context"

// serve runs the loop until stop or ctx ends, then closes all that is open, and calls done once, with the
// error of a handler that has ended its goroutine by runtime.Goexit, or Run's. Until then the loop belongs to the goroutine
// that runs it, also between two runs: calls from others stay refused.
func (w *worker) serve(ctx context.Context, done func(err error)) {
	w.core.Claim()
	w.loop.Hold()
	for _, c := range w.packets {
		_ = w.loop.Post(c.open) // fails only on a closed loop
	}
	context.AfterFunc(ctx, func() { _ = w.loop.Post(w.abandon) }) // fails only once the loop has ended
	w.run(ctx, done)
}

// run is serve from when the loop may run. If a function of Core.Lend ends this goroutine, another one goes on.
func (w *worker) run(ctx context.Context, done func(err error)) {
	release := w.core.Claim()
	err := errGoexit
	defer func() {
		if w.core.LentGoexit() {
			w.goOn(func() { w.run(ctx, done) })
			return
		}
		w.loop.Drop()
		w.finish(release, err, done)
	}()
	if w.stopped.Load() { // perhaps while the run before ended, which has forgotten it
		err = nil
		return
	}
	err = w.loop.Run(ctx)
}

// finish ends the worker. A handler's Close that ends the goroutine does not keep it from that.
func (w *worker) finish(release func(), err error, done func(err error)) {
	ended := false
	defer func() {
		if !ended {
			w.goOn(func() { w.finish(w.core.Claim(), err, done) })
		}
	}()
	w.end()
	ended = true
	release()
	done(err)
}

// goOn calls fn, which claims the loop, on another goroutine. It waits until that one owns the loop: the number of a
// goroutine that has ended may be another's.
func (w *worker) goOn(fn func()) {
	claimed := make(chan struct{})
	go func() {
		w.core.Claim()
		close(claimed)
		fn()
	}()
	<-claimed
}

// stop ends serve. Any goroutine may call it.
func (w *worker) stop() {
	w.stopped.Store(true)
	w.loop.Stop()
	_ = w.loop.Post(w.abandon) // fails only once the loop has ended
}
