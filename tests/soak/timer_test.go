package soak

import (
	"time"

	"github.com/uvgo/uvgo/handles"
)

func init() {
	register(
		&actor{name: "handles.Timer", weight: 8, run: timers},
		&actor{name: "handles.Prepare", weight: 4, run: phases},
		&actor{name: "Loop.AfterFunc", weight: 4, run: afterFuncs},
	)
}

// timers starts, stops, repeats and closes timers, also in their own callbacks. One that is not stopped fires as often as it says.
func timers(o *op) {
	l := o.loop()
	for range 1 + o.IntN(20) {
		o.on(l, func() {
			t := must[*handles.Timer](o, "timer")(l.NewTimer())
			o.closes(t)
			switch o.IntN(5) {
			case 0: // fires once
				fired := o.owe("a timer")
				o.check("start", t.Start(o.pause(), 0, func() { fired(); _ = t.Close() }))
			case 1: // repeats
				left := 1 + o.IntN(5)
				fired := o.owe("a timer's last firing")
				o.check("start", t.Start(o.pause(), time.Millisecond, func() {
					if left--; left == 0 {
						fired()
						_ = t.Close()
					} else if left < 0 {
						o.lose("a closed timer fired")
					}
				}))
			case 2: // stopped at once, and started again
				o.check("start", t.Start(time.Hour, 0, func() { o.lose("a stopped timer fired") }))
				o.check("stop", t.Stop())
				fired := o.owe("a timer")
				o.check("start precise", t.StartPrecise(o.pause(), func() { fired(); _ = t.Close() }))
			case 3: // closed before it is due
				o.check("start", t.Start(time.Hour, 0, func() { o.lose("a closed timer fired") }))
				o.fault("a timer was closed")
				_ = t.Close()
			case 4: // again and again
				fired, n := o.owe("a timer's third firing"), 0
				o.check("set repeat", t.SetRepeat(time.Millisecond))
				o.check("start", t.Start(0, time.Millisecond, func() {
					if n++; n < 3 {
						o.check("again", t.Again())
						return
					}
					fired()
					_ = t.Close()
				}))
			}
		})
	}
}

// afterFuncs starts timers that close themselves, and closes half of them.
func afterFuncs(o *op) {
	l := o.loop()
	o.on(l, func() {
		for range 1 + o.IntN(50) {
			fired := o.owe("AfterFunc")
			t := must[*handles.Timer](o, "AfterFunc")(l.AfterFunc(o.pause(), fired))
			o.closes(t)
			if o.chance(2) { // its function does not run any more
				o.check("close", t.Close())
				o.fault("a timer was closed")
				fired()
			}
		}
	})
}

// phases runs prepare, check and idle handles for some turns, and closes them in the callbacks of each other.
func phases(o *op) {
	l := o.loop()
	o.on(l, func() {
		prepare := must[*handles.Prepare](o, "prepare")(l.NewPrepare())
		check := must[*handles.Check](o, "check")(l.NewCheck())
		idle := must[*handles.Idle](o, "idle")(l.NewIdle())
		o.closes(prepare)
		o.closes(check)
		o.closes(idle)
		turns := 1 + o.IntN(20)
		last := o.owe("the last turn's check")
		prepared, idled := 0, 0
		o.check("prepare start", prepare.Start(func() { prepared++ }))
		o.check("idle start", idle.Start(func() { idled++ }))
		o.check("check start", check.Start(func() {
			if turns--; turns == 0 {
				last()
				if prepared == 0 || idled == 0 {
					o.lose("%d prepare and %d idle callbacks in as many turns as check callbacks", prepared, idled)
				}
				_ = prepare.Close()
				_ = idle.Close()
				_ = check.Close()
			} else if o.chance(8) {
				o.check("prepare stop", prepare.Stop())
				o.check("prepare start", prepare.Start(func() { prepared++ }))
			}
		}))
	})
}
