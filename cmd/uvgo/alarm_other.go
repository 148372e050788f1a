//go:build !linux

package main

import (
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
)

// An alarm calls a function at a time, up to two milliseconds late.
type alarm struct {
	timer *handles.Timer
	fn    func()
}

func (a *alarm) open(loop *uvgo.Loop, fn func()) (err error) {
	a.fn = fn
	a.timer, err = loop.NewTimer()
	return err
}

// set lets the function run after d. It replaces an earlier set.
func (a *alarm) set(d time.Duration) {
	_ = a.timer.StartPrecise(d, a.fn) // fails only on a closed handle
}

func (a *alarm) close() {
	if a.timer != nil {
		_ = a.timer.Close() // never fails on the loop's goroutine
	}
}
