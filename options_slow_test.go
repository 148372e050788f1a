package uvgo_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

//go:noinline
func someCallback() {}

// TestWithSlowCallbackAlone times callbacks without the rest of debug mode: a
// function is known by its name, a handle by its kind, without its place.
func TestWithSlowCallbackAlone(t *testing.T) {
	for limit, want := range map[time.Duration][]string{
		time.Nanosecond: {"someCallback", "callback=timer"},
		time.Hour:       nil,
	} {
		for name, way := range looptest.Parkings {
			t.Run(limit.String()+" "+name, func(t *testing.T) {
				uvtest.Watchdog(t, 2*time.Minute)
				var log bytes.Buffer
				l := looptest.New(t, uvgo.WithSlowCallback(limit), uvgo.WithParking(way),
					uvgo.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
				uvtest.Check(t, l.Post(someCallback))
				uvtest.Check(t, l.Post(someCallback))
				tm, err := l.NewTimer()
				uvtest.Check(t, err)
				uvtest.Check(t, tm.Start(0, 0, func() {}))
				uvtest.Check(t, l.Run(context.Background()))
				uvtest.Check(t, tm.Close())
				for _, w := range want {
					if n := strings.Count(log.String(), w); n != 1 {
						t.Errorf("%d warnings of %s, want 1:\n%s", n, w, log.String())
					}
				}
				if n := strings.Count(log.String(), "slow callback"); n != len(want) || strings.Contains(log.String(), "created") {
					t.Errorf("%d warnings, want %d:\n%s", n, len(want), log.String())
				}
			})
		}
	}
}

// TestWithSlowCallbackHook: the hook knows the loop, the kind of the handle and, in debug mode, where that was made.
func TestWithSlowCallbackHook(t *testing.T) {
	for name, way := range looptest.Parkings {
		t.Run(name, func(t *testing.T) {
			var got []uv.SlowCallback
			hook := uvgo.WithSlowCallbackHook(func(s uv.SlowCallback) { got = append(got, s) })
			l := looptest.New(t, uvgo.WithParking(way), uvgo.WithName("mine"), uvgo.WithSlowCallback(20*time.Millisecond), hook, uvgo.WithDebug(),
				uvgo.WithLogger(slog.New(slog.DiscardHandler)))
			tm := uvtest.Must(l.NewTimer())
			before := time.Now()
			uvtest.Check(t, tm.Start(0, 0, func() { time.Sleep(20 * time.Millisecond) }))
			uvtest.Check(t, l.Run(context.Background()))
			uvtest.Check(t, tm.Close())
			if len(got) != 1 {
				t.Fatalf("the hook was called %d times", len(got))
			}
			s := got[0]
			if s.Loop != "mine" || s.Kind != uv.KindTimer || !strings.Contains(s.Site, "timer created at ") || !strings.Contains(s.Site, "options_slow_test.go:") ||
				s.Took < 20*time.Millisecond || s.Began.Before(before) {
				t.Errorf("the hook got %+v", s)
			}
		})
	}
}

func TestNames(t *testing.T) {
	g := uvtest.Must(uvgo.NewGroup(2, uvgo.WithName("web")))
	defer func() { uvtest.Check(t, g.Shutdown(context.Background())) }()
	for i, want := range []string{"web/0", "web/1"} {
		if got := g.Loops()[i].Name(); got != want {
			t.Errorf("loop %d is %q, not %q", i, got, want)
		}
	}
	a, b := looptest.New(t), looptest.New(t)
	if a.Name() == b.Name() || a.Name() == "" {
		t.Errorf("two loops without a name are %q and %q", a.Name(), b.Name())
	}
	if name := (*uvgo.Loop)(nil).Name(); name != "" {
		t.Errorf("no loop is %q", name)
	}
	for name, o := range map[string]uvgo.Option{"name": uvgo.WithName(""), "number": uvgo.WithNumber(-1), "hook": uvgo.WithSlowCallbackHook(nil), "stuck hook": uvgo.WithStuckCallbackHook(nil)} {
		_, err := uvgo.New(o)
		uvtest.IsErr(t, name, err, uv.EINVAL)
	}
}
