package core

import (
	"bytes"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// literal matches the number of a function literal, which the compiler chooses.
var literal = regexp.MustCompile(`\.func\d+`)

// A clock is a time that callbacks move.
type clock struct{ now time.Time }

func (c *clock) takes(d time.Duration) { c.now = c.now.Add(d) }

//go:noinline
func slowFunction(c *clock) func() { return func() { c.takes(time.Second) } }

func TestSlowCallbacksWarnOnce(t *testing.T) {
	clk := &clock{time.Unix(0, 0)}
	var log bytes.Buffer
	plain := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	c := newCore(t, Config{Debug: true, Logger: plain, SlowCallback: 10 * time.Millisecond})
	c.debug.now = func() time.Time { return clk.now }
	turn := func(when string, want ...string) {
		t.Helper()
		if err := runOnce(t, c); err != nil {
			t.Fatal(err)
		}
		text := literal.ReplaceAllString(strings.TrimSuffix(log.String(), "\n"), ".func")
		got := strings.Split(text, "\n")
		if log.Len() == 0 {
			got = nil
		}
		log.Reset()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	warning := func(name, took string) string {
		return `level=WARN msg="uvgo: slow callback" callback=` + name + " took=" + took
	}
	const self = "github.com/uvgo/uvgo/internal/core."

	_ = c.Post(slowFunction(clk))
	_ = c.Post(slowFunction(clk))
	turn("twice the same", warning(self+"slowFunction.func", "1s"))
	_ = c.Post(slowFunction(clk))
	turn("again")

	_ = c.Post(func() { clk.takes(10*time.Millisecond - 1) })
	_ = c.Post(func() { clk.takes(10 * time.Millisecond) })
	turn("at the limit", warning(self+"TestSlowCallbacksWarnOnce.func", "10ms"))

	phase := &Phase{Fn: func() { clk.takes(20 * time.Millisecond) }}
	c.StartPrepare(phase)
	turn("a phase", warning(self+"TestSlowCallbacksWarnOnce.func", "20ms"))
	c.StopPrepare(phase)

	c.Defer(deferred(func() { clk.takes(time.Minute) }))
	turn("a delivery", warning("core.deferred", "1m0s"))

	// A callback that panics is measured as well.
	_ = c.Post(func() {
		clk.takes(time.Hour)
		panic("no matter")
	})
	if err := runOnce(t, c); err == nil || !strings.Contains(log.String(), "took=1h0m0s") {
		t.Errorf("a slow callback that panics: %v, log %q", err, log.String())
	}
}

func TestCallerIsOutsideOfUvgo(t *testing.T) {
	// Functions of package core count as uvgo's own: the caller is testing's.
	if got := Caller(); !strings.Contains(got, "testing.go:") {
		t.Errorf("the caller is %s", got)
	}
	for name, own := range map[string]bool{
		"github.com/uvgo/uvgo.(*Loop).NewTimer":           true,
		"github.com/uvgo/uvgo/handles.NewTimer":           true,
		"github.com/uvgo/uvgo/internal/core.(*Core).Open": true,
		"github.com/uvgo/uvgo/server.(*Server).Open":      true,
		"github.com/uvgo/uvgo_test.TestX":                 false,
		"github.com/uvgo/uvgo/tests.TestX":                false,
		"github.com/uvgo/uvgo/uvx.F":                      false,
		"github.com/uvgo/uvgoing.F":                       false,
		"main.main":                                       false,
	} {
		if internalFrame(name) != own {
			t.Errorf("internalFrame(%s) = %t", name, !own)
		}
	}
}
