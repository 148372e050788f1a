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
