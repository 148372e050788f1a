package looptest

import (
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// Parkings are the ways in which a loop can wait, by the names of their subtests.
var Parkings = map[string]uvgo.Parking{"thread": uvgo.ParkThread, "goroutine": uvgo.ParkGoroutine}

// EachParking runs body as a subtest, with a watchdog, for each way in which a loop can wait.
func EachParking(t *testing.T, body func(t *testing.T, park uvgo.Option)) {
	t.Helper()
	for name, way := range Parkings {
		t.Run(name, func(t *testing.T) {
			uvtest.Watchdog(t, hangs)
			body(t, uvgo.WithParking(way))
		})
	}
}

// OnEachLoop is [EachParking] with a loop from [New], made with opts and the way to wait.
func OnEachLoop(t *testing.T, body func(t *testing.T, l *uvgo.Loop), opts ...uvgo.Option) {
	t.Helper()
	EachParking(t, func(t *testing.T, park uvgo.Option) {
		body(t, New(t, append(opts[:len(opts):len(opts)], park)...))
	})
}
