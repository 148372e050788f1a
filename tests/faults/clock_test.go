package faults

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/sysinfo"
)

func init() { uvtest.Helper("faults clock", steppedClock) }

// The wall clock of the C library jumps a day ahead, and a day back: timers do not follow it.
func TestTimersDoNotFollowTheWallClock(t *testing.T) { t.Log(shimmed(t, "faults clock")) }

func steppedClock() {
	s := openShim()
	for _, step := range []time.Duration{24 * time.Hour, -24 * time.Hour} {
		s.set(shimStep, 0)
		before := s.count(shimClocks)
		l := uvtest.Must(uvgo.New())
		began := time.Now()
		early := false
		long := uvtest.Must(l.NewTimer())
		uvtest.Must(0, long.Start(time.Hour, 0, func() { early = true }))
		short := uvtest.Must(l.NewTimer())
		ticks := 0
		uvtest.Must(0, short.Start(10*time.Millisecond, 10*time.Millisecond, func() {
			if ticks++; ticks == 1 {
				s.set(shimStep, int64(step))
			}
			uvtest.Must(sysinfo.TimeOfDay())
			if ticks == 10 {
				short.Close()
				long.Close()
			}
		}))
		uvtest.Must(0, l.Run(context.Background()))
		uvtest.Must(0, l.Close())
		took, reads := time.Since(began), s.count(shimClocks)-before
		if early || ticks != 10 || took < 90*time.Millisecond || reads == 0 {
			fmt.Printf("a step of %v: the long timer fired: %v; %d ticks in %v; %d readings of the stepped clock\n", step, early, ticks, took, reads)
			os.Exit(1)
		}
		fmt.Printf("a step of %v: %d ticks in %v; %d readings of the stepped clock\n", step, ticks, took.Round(time.Millisecond), reads)
	}
}
