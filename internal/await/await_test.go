package await_test

import (
	"context"
	"errors"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/await"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// operation counts its cancellations.
type operation struct{ cancelled *uvtest.Counter }

func (o operation) Cancel() error {
	if o.cancelled != nil {
		o.cancelled.Inc()
	}
	return nil
}

// unused is a start that must not run.
func unused(t *testing.T) func(func(int, error)) (operation, error) {
	return func(func(int, error)) (operation, error) {
		t.Error("the operation was started")
		return operation{}, uv.EINVAL
	}
}

// turn runs the loop's turns until the channel has something.
func turn[T any](l *uvgo.Loop, c <-chan T) T {
	for {
		uvtest.Must(l.RunNoWait())
		select {
		case v := <-c:
			return v
		default:
		}
	}
}

type result struct {
	n   int
	err error
}

func TestDoReturnsTheResult(t *testing.T) {
	l := looptest.New(t)
	failed := errors.New("failed")
	for name, c := range map[string]struct {
		start func(done func(int, error)) (operation, error)
		want  result
	}{
		"at once":  {func(done func(int, error)) (operation, error) { done(1, nil); return operation{}, nil }, result{1, nil}},
		"later":    {func(done func(int, error)) (operation, error) { return operation{}, l.Post(func() { done(2, nil) }) }, result{2, nil}},
		"an error": {func(done func(int, error)) (operation, error) { done(3, failed); return operation{}, nil }, result{3, failed}},
		"no start": {func(func(int, error)) (operation, error) { return operation{}, failed }, result{0, failed}},
	} {
		ended := uvtest.NewCounter(t, name+": end", 1)
		dropped := uvtest.NewCounter(t, name+": drop", 0)
		got := make(chan result, 1)
		go func() {
			n, err := await.Do(context.Background(), l, "test", func() { ended.Inc() }, func(int) { dropped.Inc() }, c.start)
			got <- result{n, err}
		}()
		if r := turn(l, got); r != c.want {
			t.Errorf("%s: %v, want %v", name, r, c.want)
		}
	}
}

// TestDoRefuses without a start, and ends what the caller holds for the operation.
func TestDoRefuses(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	l, other, closed := looptest.New(t, uvgo.WithLockedThread()), looptest.New(t), uvtest.Must(uvgo.New())
	uvtest.Check(t, closed.Close())
	refused := func(name string, ctx context.Context, l uv.Loop, want error) {
		ended := uvtest.NewCounter(t, name+": end", 1)
		_, err := await.Do(ctx, l, "test", func() { ended.Inc() }, nil, unused(t))
		uvtest.IsErr(t, name, err, want)
	}
	refused("no loop", t.Context(), nil, uv.EINVAL)
	refused("zero loop", t.Context(), new(uvgo.Loop), uv.EINVAL)
	refused("context that has ended", over, l, context.Canceled)
	refused("closed loop", t.Context(), closed, uv.ErrClosed)
	called := uvtest.NewCounter(t, "callback", 1)
	uvtest.Check(t, l.Post(func() {
		called.Inc()
		refused("in a callback of the loop", t.Context(), l, uv.ErrInCallback)
		refused("in a callback of another", t.Context(), other, uv.ErrInCallback)
	}))
	looptest.Run(t, l)
	uvtest.Check(t, uvgo.Run(t.Context(), func(l *uvgo.Loop) error {
		refused("where the loop will run", t.Context(), l, uv.ErrInCallback)
		return nil
	}))
}

// TestContextEndsBeforeTheLoopTurns: the operation does not begin.
func TestContextEndsBeforeTheLoopTurns(t *testing.T) {
	l := looptest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := uvtest.NewCounter(t, "end", 1)
	go cancel()
	_, err := await.Do(ctx, l, "test", func() { ended.Inc() }, nil, unused(t))
	uvtest.IsErr(t, "do", err, context.Canceled)
	looptest.Run(t, l)
}

// TestContextEndsDuringTheOperation: it is cancelled, and a result that comes all the
// same is dropped.
func TestContextEndsDuringTheOperation(t *testing.T) {
	l := looptest.New(t)
	for name, failure := range map[string]error{"result": nil, "error": uv.ECANCELED} {
		ctx, cancel := context.WithCancel(t.Context())
		ended := uvtest.NewCounter(t, name+": end", 1)
		cancelled := uvtest.NewCounter(t, name+": cancel", 1)
		drops := 1
		if failure != nil {
			drops = 0
		}
		dropped := uvtest.NewCounter(t, name+": drop", drops)
		var finish func(int, error)
		got := make(chan error, 1)
		go func() {
			_, err := await.Do(ctx, l, "test", func() { ended.Inc() }, func(n int) {
				dropped.Inc()
				if n != 7 {
					t.Errorf("dropped %d", n)
				}
			}, func(done func(int, error)) (operation, error) {
				finish = done
				cancel()
				return operation{cancelled}, nil
			})
			got <- err
		}()
		uvtest.IsErr(t, name, turn(l, got), context.Canceled)
		looptest.Run(t, l) // cancels
		finish(7, failure)
	}
}
