package uvhttp

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// A requestContext is Request.Context. It ends when the handler has returned, or the client has gone. What
// few handlers need, such as the channel of Done, is made when it is asked for.
type requestContext struct {
	c      *conn
	parent context.Context // BaseContext, with what ConnContext made of it

	mu    sync.Mutex
	err   error
	done  chan struct{}
	funcs map[*func()]struct{} // of AfterFunc
	stop  func() bool          // ends the watch of parent
}

func (x *requestContext) init(c *conn) {
	x.c, x.parent = c, c.w.engine.opts.base
	if c.ctx != nil {
		x.parent = c.ctx
	}
}

// Deadline is the parent's.
func (x *requestContext) Deadline() (time.Time, bool) { return x.parent.Deadline() }

// Value has the server and the local address, as net/http's.
func (x *requestContext) Value(key any) any {
	if key == http.LocalAddrContextKey {
		return x.c.sc.LocalAddr()
	}
	return x.parent.Value(key)
}

// Err tells why the context has ended.
func (x *requestContext) Err() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.err == nil {
		return x.parent.Err()
	}
	return x.err
}

// Done returns a channel that is closed when the context ends.
func (x *requestContext) Done() <-chan struct{} {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.done == nil {
		x.done = make(chan struct{})
		if x.err != nil {
			close(x.done)
		}
		x.watch()
	}
	return x.done
}

// watch ends the context with its parent. The caller has locked mu.
func (x *requestContext) watch() {
	if x.stop == nil && x.err == nil && x.parent.Done() != nil {
		x.stop = context.AfterFunc(x.parent, func() { x.end(x.parent.Err()) })
	}
}

// AfterFunc is what package context looks for, so that a context made of this one needs no goroutine.
func (x *requestContext) AfterFunc(f func()) (stop func() bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.err != nil {
		go f()
		return func() bool { return false }
	}
	if x.funcs == nil {
		x.funcs = make(map[*func()]struct{})
	}
	key := &f
	x.funcs[key] = struct{}{}
	x.watch()
	return func() bool {
		x.mu.Lock()
		defer x.mu.Unlock()
		_, waits := x.funcs[key]
		delete(x.funcs, key)
		return waits
	}
}

// cancel ends the context. Any goroutine may call it.
func (x *requestContext) cancel() { x.end(context.Canceled) }

func (x *requestContext) end(err error) {
	x.mu.Lock()
	if x.err != nil {
		x.mu.Unlock()
		return
	}
	x.err = err
	if x.done != nil {
		close(x.done)
	}
	funcs, stop := x.funcs, x.stop
	x.funcs, x.stop = nil, nil
	x.mu.Unlock()
	if stop != nil {
		stop()
	}
	for f := range funcs {
		go (*f)()
	}
}
