package core

import (
	"bytes"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/uv"
)

// literal matches the number of a function literal, which the compiler chooses.
var literal = regexp.MustCompile(`\.func\d+`)

// takes makes the callback that runs one that has run for d longer.
func (c *Core) takes(d time.Duration) { c.meter.began.Set(c.meter.began.Own() - uint64(d)) }

//go:noinline
func slowFunction(c *Core) func() { return func() { c.takes(time.Second) } }

// slowCases runs a callback of each kind, and tells turn what the loop is to say of it.
func slowCases(t *testing.T, c *Core, turn func(when string, took time.Duration, names ...string)) {
	const self = "github.com/uvgo/uvgo/internal/core."
	_ = c.Post(slowFunction(c))
	_ = c.Post(slowFunction(c))
	turn("twice the same", time.Second, self+"slowFunction.func", self+"slowFunction.func")

	_ = c.Post(func() { c.takes(5 * time.Second) })
	_ = c.Post(func() { c.takes(10 * time.Second) })
	c.meter.slow = uint64(10 * time.Second)
	turn("at the limit", 10*time.Second, self+"slowCases.func")
	c.meter.slow = uint64(time.Second)

	phase := &Phase{Fn: func() { c.takes(20 * time.Second) }}
	c.StartPrepare(phase)
	turn("a phase", 20*time.Second, self+"slowCases.func")
	c.StopPrepare(phase)

	c.Defer(deferred(func() { c.takes(time.Minute) }))
	turn("a delivery", time.Minute, "core.deferred")
	c.AfterEvents(deferred(func() { c.takes(time.Minute) }))
	turn("a delivery behind the events", time.Minute, "core.deferred")
}

func TestSlowCallbacksWarnOnce(t *testing.T) {
	var log bytes.Buffer
	c := newCore(t, Config{Logger: slog.New(slog.NewTextHandler(&log, nil)), SlowCallback: time.Second})
	warned := make(map[string]bool)
	warning := regexp.MustCompile(`level=WARN msg="uvgo: slow callback" callback=(\S+) took=(\S+)\n`)
	look := func(when string, took time.Duration, names ...string) {
		t.Helper()
		var want []string
		for _, n := range names {
			if !warned[n] || strings.HasSuffix(n, "slowCases.func") { // several functions, which have numbers
				want = append(want, n)
			}
			warned[n] = true
		}
		var got []string
		for _, m := range warning.FindAllStringSubmatch(log.String(), -1) {
			got = append(got, literal.ReplaceAllString(m[1], ".func"))
			if d, err := time.ParseDuration(m[2]); err != nil || d < took || d > took+time.Second {
				t.Errorf("%s: it took %s, not %v", when, m[2], took)
			}
		}
		log.Reset()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	slowCases(t, c, func(when string, took time.Duration, names ...string) {
		t.Helper()
		if err := runOnce(t, c); err != nil {
			t.Fatal(err)
		}
		look(when, took, names...)
	})

	// A callback that panics is measured as well.
	_ = c.Post(func() {
		c.takes(time.Hour)
		panic("no matter")
	})
	if err := runOnce(t, c); err == nil {
		t.Error("no panic")
	}
	look("a callback that panics", time.Hour, "github.com/uvgo/uvgo/internal/core.TestSlowCallbacksWarnOnce.func")
	if n := c.Stats().SlowCallbacks; n != 7 {
		t.Errorf("%d slow callbacks", n)
	}
}

// TestSlowHook: the hook is told of every slow callback, and the loop does not warn. What the hook takes, or panics with, is not the
// callback's.
func TestSlowHook(t *testing.T) {
	var log bytes.Buffer
	var got []uv.SlowCallback
	var c *Core
	c = newCore(t, Config{Name: "web", Number: 3, Logger: slog.New(slog.NewTextHandler(&log, nil)), SlowCallback: time.Second,
		SlowHook: func(s uv.SlowCallback) {
			got = append(got, s)
			c.takes(time.Hour)
			if len(got) == 2 {
				panic("the hook's own")
			}
		}})
	before := time.Now()
	slowCases(t, c, func(when string, took time.Duration, names ...string) {
		t.Helper()
		got = nil
		if err := runOnce(t, c); err != nil {
			t.Fatal(err)
		}
		if len(got) != len(names) {
			t.Fatalf("%s: the hook was told of %d callbacks, want %d", when, len(got), len(names))
		}
		for i, s := range got {
			kind := uv.KindUnknown
			if when == "a phase" {
				kind = uv.KindPrepare
			}
			s.Site = literal.ReplaceAllString(s.Site, ".func")
			if s.Loop != "web/2" || s.Kind != kind || s.Site != names[i] || s.Took < took || s.Took > took+time.Second {
				t.Errorf("%s: %+v", when, s)
			}
			if end := s.Began.Add(s.Took); end.Before(before) || end.After(time.Now()) {
				t.Errorf("%s: it ended at %v", when, end)
			}
		}
	})
	if n := strings.Count(log.String(), "level="); n != 1 || !strings.Contains(log.String(), "the hook of slow callbacks panicked") {
		t.Errorf("the log says %s", log.String())
	}
	if n := c.Stats().SlowCallbacks; n != 6 {
		t.Errorf("%d slow callbacks", n)
	}
}

func TestSlowCallbackAfterAPanicBehindBlock(t *testing.T) {
	var got []uv.SlowCallback
	c := newCore(t, Config{SlowCallback: time.Second, SlowHook: func(s uv.SlowCallback) { got = append(got, s) }})
	_ = c.Post(func() {
		_ = c.Block("test", func() {})
		c.takes(time.Second)
		panic("no matter")
	})
	if err := runOnce(t, c); err == nil {
		t.Error("no panic")
	}
	if len(got) != 1 || got[0].Site != "unknown" || got[0].Took < time.Second {
		t.Errorf("the hook got %+v", got)
	}
}
