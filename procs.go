package uvgo

import (
	"os"
	"runtime"
	"sync"
)

var processors struct {
	sync.Mutex
	loops int // loops in Run that park in a thread
}

// reserveProcessor makes sure that there is a processor that no loop in C
// occupies, and returns what ends the need for it. It never lowers GOMAXPROCS:
// changing it stops the world. See WithSpareProc.
func reserveProcessor() (release func()) {
	p := &processors
	p.Lock()
	defer p.Unlock()
	p.loops++
	if want := p.loops + 1; os.Getenv("GOMAXPROCS") == "" && runtime.GOMAXPROCS(0) < want {
		runtime.GOMAXPROCS(want)
	}
	return func() {
		p.Lock()
		p.loops--
		p.Unlock()
	}
}
