package uvgo_test

import (
	"context"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// inCallback runs body in a callback of a loop with no options but its way of waiting.
func inCallback(b *testing.B, body func(b *testing.B, l *uvgo.Loop)) {
	ways := map[uvgo.Parking]string{uvgo.ParkThread: "thread", uvgo.ParkGoroutine: "goroutine"}
	for _, way := range []uvgo.Parking{uvgo.ParkThread, uvgo.ParkGoroutine} {
		b.Run(ways[way], func(b *testing.B) {
			l := uvtest.Must(uvgo.New(uvgo.WithParking(way)))
			uvtest.Check(b, l.Post(func() { body(b, l) }))
			uvtest.Check(b, l.Run(context.Background()))
			uvtest.Check(b, l.Close())
		})
	}
}

// BenchmarkBlock: Block and its return, where nobody waits for the loop meanwhile.
func BenchmarkBlock(b *testing.B) {
	inCallback(b, func(b *testing.B, l *uvgo.Loop) {
		for b.Loop() {
			uvtest.Check(b, l.Block(func() {}))
		}
	})
}

// quick is a function for Lend.
type quick struct{}

func (quick) RunLent() {}

// BenchmarkLend: internal/core's Lend around a function that does nothing.
func BenchmarkLend(b *testing.B) {
	inCallback(b, func(b *testing.B, l *uvgo.Loop) {
		c := core.Of(l)
		for b.Loop() {
			c.Lend(quick{})
		}
	})
}
