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

// reserveProcessor raises GOMAXPROCS so that a processor is left beside those of loops in C.
// The function that it returns ends the need. It does not lower GOMAXPROCS, because each
// change stops the world. See WithSpareProc.
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
