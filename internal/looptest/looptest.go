package looptest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// Main is [uvtest.Main] with a check for loops that were not closed. It first makes a
// loop, which opens the descriptors that libuv keeps for the process, so that they are
// not taken for a leak.
func Main(m *testing.M) {
	l, err := uvgo.New()
	if err != nil {
		panic(err)
	}
	if err := l.Close(); err != nil {
		panic(err)
	}
	uvtest.Main(m, func() error {
		if n := core.OpenLoops(); n != 0 {
			return fmt.Errorf("%d loops were not closed", n)
		}
		return nil
	})
}

// hangs is how long a test of a loop may do nothing before the process ends with all stacks.
const hangs = 2 * time.Minute

// New makes a loop for the test, with a watchdog. The test must close every handle
// before it ends. Then the loop is shut down, and must close.
func New(t testing.TB, opts ...uvgo.Option) *uvgo.Loop {
	t.Helper()
	uvtest.Watchdog(t, hangs)
	l, err := uvgo.New(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		t.Helper()
		if !t.Failed() {
			for h := range l.Walk() {
				if !h.Closing() {
					t.Errorf("the test left a %s handle open", h.Kind())
				}
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := l.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
	return l
}

// Run runs the loop until no work is left and fails the test if it hangs or
// ends with an error.
func Run(t testing.TB, l *uvgo.Loop) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := l.Run(ctx); err != nil {
		t.Fatalf("run: %v", err)
	}
}
