package uvgo_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// BenchmarkDebug is the price of debug mode for a handle, and for a callback.
func BenchmarkDebug(b *testing.B) {
	quiet := uvgo.WithLogger(slog.New(slog.DiscardHandler))
	for name, opts := range map[string][]uvgo.Option{"off": {quiet}, "on": {quiet, uvgo.WithDebug()}} {
		b.Run("handle/"+name, func(b *testing.B) {
			l := looptest.New(b, opts...)
			for range b.N {
				tm := uvtest.Must(l.NewTimer())
				uvtest.Check(b, tm.Close())
				looptest.TurnOnce(b, l)
			}
		})
		b.Run("callback/"+name, func(b *testing.B) {
			l := looptest.New(b, opts...)
			tm := uvtest.Must(l.NewTimer())
			uvtest.Check(b, tm.Start(time.Hour, 0, func() {}))
			fn := func() {}
			for range b.N {
				uvtest.Check(b, l.Post(fn))
				looptest.TurnOnce(b, l)
			}
			uvtest.Check(b, tm.Close())
		})
	}
}
