package uvgo

import (
	"testing"
	"time"
)

// TestBusyPollOption: for the core zero is the default, for users it means never.
func TestBusyPollOption(t *testing.T) {
	for d, want := range map[time.Duration]time.Duration{0: -1, time.Microsecond: time.Microsecond} {
		opt := WithBusyPoll(d)
		for range 2 { // an option serves all loops of a group
			var c config
			if err := opt(&c); err != nil || c.core.BusyPoll != want {
				t.Errorf("WithBusyPoll(%v) sets %v, %v", d, c.core.BusyPoll, err)
			}
		}
	}
}
