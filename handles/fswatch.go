package handles

import (
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// What FSEvent and FSPoll have in common: both watch a path, and differ in libuv's
// functions and in the callback's type.

// stopWatch stops a watcher: fn, its callback, is forgotten, and events that wait are stale.
func stopWatch[F any](h *handle, op string, stop func(*cuv.Handle) int, fn *F) error {
	if err := h.use(op); err != nil {
		return err
	}
	if !h.has(active) {
		return nil
	}
	h.clear(active)
	h.core.Bump(h.c)
	var none F
	*fn = none
	return uv.Check(op, stop(h.c))
}

// watchedPath returns the path of a watcher. libuv answers EINVAL if it is not active.
func watchedPath(h *handle, op string, path func(*cuv.Handle) (string, int)) (string, error) {
	if err := h.use(op); err != nil {
		return "", err
	}
	p, rc := path(h.c)
	return p, uv.Check(op, rc)
}
