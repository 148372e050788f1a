package uvgo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/uvgo/uvgo/uv"
)

// leaked describes a loop that nobody closed.
type leaked struct {
	site string
	log  *slog.Logger
}

// reportLeak runs when a loop was collected without Close. It frees nothing: C
// may still hold requests.
func reportLeak(l leaked) {
	l.log.Warn("uvgo: loop was dropped without Close", "created", l.site)
}

// Shutdown closes every handle, runs the loop until all close callbacks have run, and
// closes the loop. From then on Post fails; functions posted before still run. If ctx ends
// first, the error is ctx's, and names the handles that are still open. ErrRunning while the
// loop runs: Stop it first. EINVAL for a nil ctx.
func (l *Loop) Shutdown(ctx context.Context) error {
	if l != nil && l.core != nil && l.core.Closed() {
		return nil
	}
	if ctx == nil {
		return uv.Fail("shutdown", uv.EINVAL)
	}
	if err := l.begin("shutdown"); err != nil {
		return err // before it closes anything
	}
	l.end()
	var failed []error
	refused := false
	for {
		if refused && l.core.Handles() > 0 { // an earlier post made a handle, whose end may need Post
			l.core.AcceptPosts()
			refused = false
		}
		for h := range l.Walk() {
			if !h.Closing() {
				if l.core.DebugMode() {
					l.core.Logger().Warn("uvgo: shutdown closes a handle", "handle", fmt.Sprint(h), "created", createdBy(h))
				}
				h.Close()
			}
		}
		if !l.core.Busy() {
			if !refused { // only now, since close callbacks may post
				l.core.RefusePosts()
				refused = true
				continue
			}
			break
		}
		if err := ctx.Err(); err != nil {
			if refused {
				l.core.AcceptPosts()
			}
			l.core.Wake() // as a failed Close does
			return errors.Join(append(failed, l.stuck(err))...)
		}
		if err := l.drainOnce(ctx); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(append(failed, l.Close())...)
}

// drainOnce runs one turn that ends early when ctx does.
func (l *Loop) drainOnce(ctx context.Context) error {
	if err := l.begin("shutdown"); err != nil {
		return err
	}
	defer l.end()
	l.core.Stopped()
	l.core.ClearInterrupt()
	defer l.interruptWith(ctx)()
	if ctx.Err() != nil {
		return nil
	}
	return l.core.Turn(true, false)
}

// createdBy returns the calls that made a handle, which debug mode knows.
func createdBy(h uv.Handle) []string {
	if c, ok := h.(interface{ CreatedBy() []string }); ok {
		return c.CreatedBy()
	}
	return nil
}

// reportOpen logs the handles that keep a loop from being closed, with the calls that made them. Debug mode only.
func (l *Loop) reportOpen() {
	if !l.core.DebugMode() || !l.core.Owned() {
		return
	}
	for h := range l.Walk() {
		if !h.Closing() {
			l.core.Logger().Warn("uvgo: close finds an open handle", "handle", fmt.Sprint(h), "created", createdBy(h))
		}
	}
}

// stuck names the handles that are open, and counts the requests and Holds.
func (l *Loop) stuck(cause error) error {
	var names []string
	for h := range l.Walk() {
		names = append(names, fmt.Sprint(h))
	}
	if n := l.core.Requests(); n > 0 {
		names = append(names, fmt.Sprintf("%d requests", n))
	}
	if n := l.core.Held(); n > 0 {
		names = append(names, fmt.Sprintf("%d calls of Hold without Drop", n))
	}
	return fmt.Errorf("uvgo: shutdown: %w; still open: %d handles: %s", cause, l.core.Handles(), strings.Join(names, ", "))
}

// Run makes a loop, calls main on it, runs the loop until its work is done or ctx ends, and
// shuts it down. It returns the first error of these, ctx's included. The loop belongs to
// the calling goroutine from the call of main on, although it does not run yet there. EINVAL
// for a nil ctx or main.
func Run(ctx context.Context, main func(*Loop) error) error {
	if ctx == nil || main == nil {
		return uv.Fail("run", uv.EINVAL)
	}
	l, err := New()
	if err != nil {
		return err
	}
	defer l.core.Claim()()
	if err = main(l); err == nil {
		err = l.Run(ctx)
	}
	if closeErr := l.Shutdown(context.WithoutCancel(ctx)); err == nil {
		err = closeErr
	}
	return err
}
