package server_test

import (
	"testing"
	"time"

	"github.com/uvgo/uvgo/server"
)

// BenchmarkTimeoutsPerMessage is what IdleTimeout and WriteTimeout add to a message and its answer.
func BenchmarkTimeoutsPerMessage(b *testing.B) {
	h := echo(b)
	r := run(b, &server.Server{Handler: h, Loops: 1, IdleTimeout: time.Minute, WriteTimeout: time.Minute})
	client := r.dial()
	roundTrip(b, client, "hello")
	c := <-h.opened
	on(b, c, func() {
		for b.Loop() {
			server.NoteMessage(c)
		}
	})
}
