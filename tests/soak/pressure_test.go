package soak

import (
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

func init() {
	register(&actor{name: "garbage collection", weight: 1, run: collect})
}

// collecting lets one phase be at a time: SetGCPercent is the process's.
var collecting sync.Mutex

// collect has the garbage collector run all the time for a while, behind a heap that others fill. What C still needs and Go
// does not hold would be gone.
func collect(o *op) {
	if !collecting.TryLock() {
		return
	}
	defer collecting.Unlock()
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	end := time.Now().Add(time.Duration(o.IntN(200)) * time.Millisecond)
	for time.Now().Before(end) {
		if o.chance(4) {
			runtime.GC()
		}
		time.Sleep(5 * time.Millisecond)
	}
	if o.chance(8) {
		debug.FreeOSMemory()
	}
}
