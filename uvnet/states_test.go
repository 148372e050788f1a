package uvnet

import (
	"reflect"
	"testing"

	"github.com/uvgo/uvgo/internal/invariants"
)

// TestStatesCheckTransitions: a transition that a table does not have panics where
// invariants are checked, and one that it has does not.
func TestStatesCheckTransitions(t *testing.T) {
	var in readSide
	var out writeSide
	var life lifetime
	var poll pollState
	for _, tt := range []struct {
		name    string
		legal   func()
		illegal func()
	}{
		{"read side", func() { in.ask(); in.begin(); in.stopSoon(); in.stop() }, func() { in.begin(); in.begin() }},
		{"write side", func() { out.submit(nil); out.end(); out.finish(nil) }, func() { out.finish(nil) }},
		{"lifetime", func() { life.share(); life.open(); life.to(lifeFlushing); life.to(lifeClosing); life.to(lifeClosed) },
			func() { life.to(lifeStream) }},
		{"poller", func() { poll.share(); poll.look(); poll.leave(); poll.closed() }, func() { poll.lookFailed() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if panics(tt.legal) {
				t.Error("legal transitions panic")
			}
			if panics(tt.illegal) != invariants.Enabled {
				t.Errorf("an illegal transition panics: %v, want %v", !invariants.Enabled, invariants.Enabled)
			}
		})
	}
}

// panics tells whether f does.
func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}

// TestIdleConnStaysSmall: a server may have a million connections that are idle.
func TestIdleConnStaysSmall(t *testing.T) {
	const class = 384 // bytes: one more, and the allocator takes 416
	if size := reflect.TypeFor[conn]().Size(); size > class {
		t.Errorf("a connection takes %d bytes, want at most %d", size, class)
	}
}
