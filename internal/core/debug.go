package core

import (
	"bytes"
	"runtime"
)

// debug is what debug mode and WithSlowCallback keep.
type debug struct {
	warn    bool                // of slow callbacks
	slow    map[string]bool     // what has been warned of
	created map[uint32]creation // by which calls handles were made, by slot
}

// Caller returns the file and line of the first caller outside the packages
// that make up uvgo.
func Caller() string {
	var pcs [32]uintptr
	return creation(pcs[:runtime.Callers(2, pcs[:])]).site()
}

const module = "github.com/uvgo/uvgo"

func internalFrame(fn string) bool {
	rest, ok := bytes.CutPrefix([]byte(fn), []byte(module))
	if !ok {
		return false
	}
	for _, p := range []string{".", "/uv.", "/handles.", "/requests.", "/server.", "/uvnet.", "/uvfs.", "/uvhttp.", "/internal/looptls.", "/internal/core.", "/internal/submit.", "/internal/await."} {
		if bytes.HasPrefix(rest, []byte(p)) {
			return true
		}
	}
	return false
}

// DebugMode tells whether the loop is in debug mode.
func (c *Core) DebugMode() bool { return c != nil && c.cfg.Debug }
