package libuv

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
)

// A rounds is a loop whose callbacks leave a letter each: I, P and C for its idle,
// prepare and check handle, T and U for its timers, R for a byte that came, X for a
// close callback.
type rounds struct {
	t       *testing.T
	l       *uvgo.Loop
	idle    *handles.Idle
	prepare *handles.Prepare
	check   *handles.Check
	timer   *handles.Timer
	other   *handles.Timer
	trace   strings.Builder
	seen    map[byte]int
	on      func(letter byte, n int) // may be nil; n counts the letter's callbacks
}

func (r *rounds) mark(letter byte) func() {
	return func() {
		r.trace.WriteByte(letter)
		r.seen[letter]++
		if r.on != nil {
			r.on(letter, r.seen[letter])
		}
	}
}

// phases starts the prepare and the check handle, which keep nothing alive.
func (r *rounds) phases() {
	uvtest.Check(r.t, r.prepare.Start(r.mark('P')))
	uvtest.Check(r.t, r.check.Start(r.mark('C')))
	r.prepare.Unref()
	r.check.Unref()
}

func (r *rounds) after(tm *handles.Timer, d time.Duration, letter byte) {
	uvtest.Check(r.t, tm.Start(d, 0, r.mark(letter)))
}

func (r *rounds) run() { looptest.Run(r.t, r.l) }

// TestRounds compares which callbacks run in which round with libuv's. What is
// wanted is what a C program on libuv 1.50.0 with the same handles printed; it
// follows from uv_run, too.
func TestRounds(t *testing.T) {
	soon := 20 * time.Millisecond
	for _, test := range []struct {
		name string
		want string
		do   func(r *rounds)
	}{
		{"one for a wait", "PCT", func(r *rounds) {
			r.phases()
			r.after(r.timer, soon, 'T')
			r.run()
		}},
		{"one for each wait", "PCTPCTPCT", func(r *rounds) {
			r.phases()
			r.on = func(letter byte, n int) {
				if letter == 'T' && n < 3 {
					r.after(r.timer, soon, 'T')
				}
			}
			r.after(r.timer, soon, 'T')
			r.run()
		}},
		{"only a check that is referenced", "CT", func(r *rounds) {
			uvtest.Check(r.t, r.check.Start(r.mark('C')))
			r.on = func(letter byte, n int) {
				if letter == 'T' {
					uvtest.Check(r.t, r.check.Stop())
				}
			}
			r.after(r.timer, soon, 'T')
			r.timer.Unref()
			r.run()
		}},
		{"one behind the first timers", "TPC", func(r *rounds) {
			r.phases()
			r.after(r.timer, 0, 'T')
			r.run()
		}},
		{"an idle handle in it", "TIPC", func(r *rounds) {
			r.phases()
			uvtest.Check(r.t, r.idle.Start(r.mark('I')))
			r.idle.Unref()
			r.after(r.timer, 0, 'T')
			r.run()
		}},
		{"only a check in it", "TC", func(r *rounds) {
			uvtest.Check(r.t, r.check.Start(r.mark('C')))
			r.check.Unref()
			r.after(r.timer, 0, 'T')
			r.run()
		}},
		{"timers due at first start others", "TPCU", func(r *rounds) {
			r.phases()
			r.on = func(letter byte, n int) {
				if letter == 'T' {
					r.after(r.other, 0, 'U')
				}
			}
			r.after(r.timer, 0, 'T')
			r.run()
		}},
		{"none if the first timers stop it", "T", func(r *rounds) {
			r.phases()
			r.on = func(letter byte, n int) { r.l.Stop() }
			r.after(r.timer, 0, 'T')
			r.run()
		}},
		{"the next run begins with them", "T|TPC", func(r *rounds) {
			r.phases()
			r.on = func(letter byte, n int) {
				if letter == 'T' && n == 1 {
					r.l.Stop()
					r.after(r.timer, 0, 'T')
				}
			}
			r.after(r.timer, 0, 'T')
			r.run()
			r.trace.WriteByte('|')
			r.run()
		}},
		{"a timer that closes itself at first", "TPCX", func(r *rounds) {
			r.phases()
			r.timer.OnClose(r.mark('X'))
			r.on = func(letter byte, n int) {
				if letter == 'T' {
					r.timer.Close()
				}
			}
			r.after(r.timer, 0, 'T')
			r.run()
		}},
		{"nothing without work", "", func(r *rounds) {
			r.phases()
			r.after(r.timer, 0, 'T')
			r.timer.Unref()
			r.run()
		}},
		{"a prepare that stops the loop", "PC", func(r *rounds) {
			r.phases()
			r.on = func(letter byte, n int) {
				if letter == 'P' {
					r.l.Stop()
				}
			}
			r.after(r.timer, time.Hour, 'T')
			r.run()
			uvtest.Check(r.t, r.timer.Stop())
		}},
		{"a prepare that ends the work", "PC", func(r *rounds) {
			r.phases()
			r.on = func(letter byte, n int) {
				if letter == 'P' {
					uvtest.Check(r.t, r.timer.Stop())
				}
			}
			r.after(r.timer, time.Hour, 'T')
			r.run()
		}},
		{"a prepare that makes a timer due", "PCU", func(r *rounds) {
			r.phases()
			r.on = func(letter byte, n int) {
				if letter == 'P' {
					uvtest.Check(r.t, r.timer.Stop())
					r.after(r.other, 0, 'U')
				}
			}
			r.after(r.timer, time.Hour, 'T')
			r.run()
		}},
		{"rounds of an idle handle", "IPCIPCIPC", func(r *rounds) {
			r.phases()
			uvtest.Check(r.t, r.idle.Start(r.mark('I')))
			r.on = func(letter byte, n int) {
				if letter == 'I' && n == 3 {
					uvtest.Check(r.t, r.idle.Stop())
				}
			}
			r.run()
		}},
		{"an idle that stops, then a wait", "IPCT", func(r *rounds) {
			r.phases()
			uvtest.Check(r.t, r.idle.Start(r.mark('I')))
			r.on = func(letter byte, n int) {
				if letter == 'I' {
					uvtest.Check(r.t, r.idle.Stop())
				}
			}
			r.after(r.timer, soon, 'T')
			r.run()
		}},
		{"RunOnce waits", "PCT", func(r *rounds) {
			r.phases()
			r.after(r.timer, soon, 'T')
			looptest.TurnOnce(r.t, r.l)
		}},
		{"RunOnce with a timer that is due", "PCT", func(r *rounds) {
			r.phases()
			r.after(r.timer, 0, 'T')
			looptest.TurnOnce(r.t, r.l)
		}},
		{"RunOnce with an idle does not wait", "IPC", func(r *rounds) {
			r.phases()
			uvtest.Check(r.t, r.idle.Start(r.mark('I')))
			r.on = func(letter byte, n int) {
				if letter == 'I' {
					uvtest.Check(r.t, r.idle.Stop())
				}
			}
			r.after(r.timer, time.Hour, 'T')
			looptest.TurnOnce(r.t, r.l)
			uvtest.Check(r.t, r.timer.Stop())
		}},
		{"RunNoWait is a round of its own", "PCPC", func(r *rounds) {
			r.phases()
			r.after(r.timer, time.Hour, 'T')
			looptest.TurnNoWait(r.t, r.l)
			looptest.TurnNoWait(r.t, r.l)
			uvtest.Check(r.t, r.timer.Stop())
		}},
		{"no round without work", "", func(r *rounds) {
			r.phases()
			looptest.TurnNoWait(r.t, r.l)
			looptest.TurnOnce(r.t, r.l)
		}},
	} {
		t.Run(test.name, kit.PerLoop(func(t *testing.T, l *uvgo.Loop) {
			got := ""
			// On a busy machine a timer may be due before Run begins: then it runs first.
			for soon = 20 * time.Millisecond; soon < 2*time.Second; soon *= 2 {
				if got = trace(t, l, test.do); got == test.want {
					return
				}
			}
			t.Errorf("callbacks ran as %q, want %q", got, test.want)
		}))
	}
}

// trace runs do on fresh handles and returns what they left.
func trace(t *testing.T, l *uvgo.Loop, do func(r *rounds)) string {
	r := &rounds{t: t, l: l, idle: uvtest.Must(l.NewIdle()), prepare: uvtest.Must(l.NewPrepare()), check: uvtest.Must(l.NewCheck()),
		timer: uvtest.Must(l.NewTimer()), other: uvtest.Must(l.NewTimer()), seen: map[byte]int{}}
	l.UpdateTime()
	do(r)
	r.on = nil
	got := r.trace.String()
	for _, h := range []interface{ Close() error }{r.idle, r.prepare, r.check, r.timer, r.other} {
		h.Close()
	}
	looptest.Run(t, l)
	return got
}

// TestRoundsOfWakes has others end each wait, by a posted function, a byte or an
// async handle. One wake is one round, however it meets the loop: at work,
// going to sleep, or asleep.
func TestRoundsOfWakes(t *testing.T) {
	const wakes = 1000
	t.Run("post", kit.PerLoop(func(t *testing.T, l *uvgo.Loop) {
		testWakes(t, l, wakes, func(r *rounds) (wake func()) {
			return func() { uvtest.Check(r.t, l.Post(r.mark('R'))) }
		})
	}))
	t.Run("byte", kit.PerLoop(func(t *testing.T, l *uvgo.Loop) {
		testWakes(t, l, wakes, func(r *rounds) (wake func()) {
			near, far, err := os.Pipe()
			uvtest.Check(r.t, err)
			t.Cleanup(func() { far.Close() })
			defer near.Close()
			p := uvtest.Must(l.NewPipe())
			uvtest.Check(r.t, p.Open(near.Fd()))
			got := r.mark('R')
			uvtest.Check(r.t, p.ReadStart(func(b []byte, err error) {
				if err == nil {
					got()
				}
			}))
			p.Unref()
			t.Cleanup(func() {
				p.Close()
				looptest.Run(t, l)
			})
			return func() {
				if _, err := far.Write([]byte{0}); err != nil {
					t.Error(err)
				}
			}
		})
	}))
	t.Run("async", kit.PerLoop(func(t *testing.T, l *uvgo.Loop) {
		testWakes(t, l, wakes, func(r *rounds) (wake func()) {
			a := uvtest.Must(l.NewAsync(r.mark('R')))
			a.Unref()
			t.Cleanup(func() {
				a.Close()
				looptest.Run(t, l)
			})
			return func() { uvtest.Check(r.t, a.Send()) }
		})
	}))
}

// testWakes counts the rounds in which a loop is woken, each time by a goroutine
// that waits a little longer than the last one.
func testWakes(t *testing.T, l *uvgo.Loop, wakes int, open func(r *rounds) (wake func())) {
	r := &rounds{t: t, l: l, prepare: uvtest.Must(l.NewPrepare()), check: uvtest.Must(l.NewCheck()), timer: uvtest.Must(l.NewTimer()), seen: map[byte]int{}}
	wake := open(r)
	turns := make(chan int)
	go func() {
		for n := range turns {
			for range n * 7 % 400 * 50 { // up to some 20 µs
			}
			wake()
		}
	}()
	r.on = func(letter byte, n int) {
		switch {
		case letter == 'P' && n == 1: // not before: Run begins with what waits
			turns <- 0
		case letter == 'C' && n == wakes:
			l.Stop()
		case letter == 'C':
			turns <- n
		}
	}
	r.phases()
	r.after(r.timer, time.Hour, 'T')
	r.run()
	close(turns)
	r.on = nil
	if got, want := r.trace.String(), strings.Repeat("PRC", wakes); got != want {
		at := 0
		for at < len(got) && at < len(want) && got[at] == want[at] {
			at++
		}
		t.Errorf("%d callbacks ran, want %d; from round %d on %q", len(got), len(want), at/3, got[at:min(at+12, len(got))])
	}
	for _, h := range []interface{ Close() error }{r.prepare, r.check, r.timer} {
		h.Close()
	}
	looptest.Run(t, l)
}
