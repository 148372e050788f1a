package uvfs

import (
	"context"
	"os"

	"github.com/uvgo/uvgo/internal/await"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// ended tells whether a context has ended, or is none.
func ended(ctx context.Context) bool { return ctx == nil || ctx.Err() != nil }

// valid returns ctx, or in place of nil a context by which every operation fails.
func valid(ctx context.Context) context.Context {
	if ctx == nil {
		return noContext{context.Background()}
	}
	return ctx
}

// noContext is a context that has ended with EINVAL.
type noContext struct{ context.Context }

// closedChannel is what noContext's Done returns.
var closedChannel = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

func (noContext) Done() <-chan struct{} { return closedChannel }
func (noContext) Err() error            { return uv.EINVAL }

// join appends a name to a directory's path as package os does. path/filepath.Join would
// clean the path, and "link/.." is not ".", where link is a symbolic link.
func join(dir, name string) string {
	if dir != "" && os.IsPathSeparator(dir[len(dir)-1]) {
		return dir + name
	}
	return dir + string(os.PathSeparator) + name
}

// wait does an operation that has a result; see [await.Do] for end and drop.
func wait[T any](ctx context.Context, f *FS, op string, end func(), drop func(T), start func(l uv.Loop, fn func(T, error)) (requests.FS, error)) (T, error) {
	var l uv.Loop // none for a nil FS: EINVAL
	if f != nil {
		l = f.loop
	}
	return await.Do(ctx, l, op, end, drop, func(fn func(T, error)) (requests.FS, error) { return start(l, fn) })
}

// do does an operation that has no result.
func do(ctx context.Context, f *FS, op string, end func(), start func(l uv.Loop, fn func(error)) (requests.FS, error)) error {
	return undo(ctx, f, op, end, nil, start)
}

// undo is do of an operation whose effect is undone by drop, on the loop, if it comes
// after the caller's context has ended.
func undo(ctx context.Context, f *FS, op string, end, drop func(), start func(l uv.Loop, fn func(error)) (requests.FS, error)) error {
	var dropped func(struct{})
	if drop != nil {
		dropped = func(struct{}) { drop() }
	}
	_, err := wait(ctx, f, op, end, dropped, func(l uv.Loop, fn func(struct{}, error)) (requests.FS, error) {
		return start(l, func(err error) { fn(struct{}{}, err) })
	})
	return err
}

// onPath does an operation on a path that has no result.
func (f *FS) onPath(ctx context.Context, op, path string, start func(l uv.Loop, fn func(error)) (requests.FS, error)) error {
	return wrap(op, path, do(ctx, f, op, nil, start))
}

// onPaths does an operation on two paths that has no result.
func (f *FS) onPaths(ctx context.Context, op, path, newPath string, start func(l uv.Loop, fn func(error)) (requests.FS, error)) error {
	return wrapLink(op, path, newPath, do(ctx, f, op, nil, start))
}
