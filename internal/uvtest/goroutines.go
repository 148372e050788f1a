//go:build unix

package uvtest

import (
	"runtime"
	"strings"
)

// background are frames of goroutines that the standard library starts once
// and keeps.
var background = []string{
	"created by runtime.", // cleanups, finalizers, collector
	"os/signal.loop()",    // the receiver behind signal.Notify
	// What stands for a thread of C's while that does not run Go code: one is made at its first call into Go, as that of the watchdog's
	// thread when it reports a callback.
	"locked to thread]:\nruntime.goexit(",
}

// goroutines returns the stack of every goroutine but background ones, by id.
func goroutines() map[string]string {
	buf := make([]byte, 64<<10)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	stacks := make(map[string]string)
	for stack := range strings.SplitSeq(string(buf), "\n\n") {
		if fields := strings.Fields(stack); len(fields) > 1 && !isBackground(stack) {
			stacks[fields[1]] = strings.TrimSpace(stack) // "goroutine 7 [running]: …"
		}
	}
	return stacks
}

func isBackground(stack string) bool {
	for _, frame := range background {
		if strings.Contains(stack, frame) {
			return true
		}
	}
	return false
}

// newGoroutines returns the stacks in after whose goroutine is not in before.
func newGoroutines(before, after map[string]string) []string {
	var found []string
	for id, stack := range after {
		if _, ok := before[id]; !ok {
			found = append(found, stack)
		}
	}
	return found
}
