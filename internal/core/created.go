package core

import (
	"runtime"
	"strconv"
	"strings"
)

// createdDepth is how many calls of a handle's creation debug mode remembers.
const createdDepth = 24

// A creation is the stack of the goroutine that made a handle. Only its addresses are kept, which is cheap: names are found when somebody asks.
type creation []uintptr

// mark remembers where the handle in a slot was created; debug mode only.
func (c *Core) mark(id uint32) {
	if !c.cfg.Debug {
		return
	}
	if c.debug.created == nil {
		c.debug.created = make(map[uint32]creation)
	}
	pcs := make(creation, createdDepth)
	c.debug.created[id] = pcs[:runtime.Callers(2, pcs)]
}

// SiteOf returns where the handle in a slot was created; debug mode only.
func (c *Core) SiteOf(id uint32) string {
	if !c.cfg.Debug || !c.Owned() || len(c.debug.created[id]) == 0 {
		return ""
	}
	return c.debug.created[id].site()
}

// CreatedBy returns the calls that made the handle in a slot, the last first, without those of uvgo that carried them out: each as
// "function(file:line)". It ends where the loop called the function of the program. Debug mode only.
func (c *Core) CreatedBy(id uint32) []string {
	if !c.cfg.Debug || !c.Owned() || len(c.debug.created[id]) == 0 {
		return nil
	}
	return c.debug.created[id].calls()
}

// site returns the file and line of the first call outside the packages that make up uvgo.
func (s creation) site() string {
	frames := runtime.CallersFrames(s)
	last := ""
	for {
		f, more := frames.Next()
		last = f.File + ":" + strconv.Itoa(f.Line)
		if !more || !internalFrame(f.Function) {
			return last
		}
	}
}

func (s creation) calls() (found []string) {
	frames := runtime.CallersFrames(s)
	var own []string // of uvgo, for a handle that the program has not made itself: an accepted connection
	for {
		f, more := frames.Next()
		call := f.Function + "(" + f.File + ":" + strconv.Itoa(f.Line) + ")"
		switch {
		case len(found) > 0 && (strings.HasPrefix(f.Function, module+"/internal/core.") || f.Function == "runtime.goexit"):
			return found
		case len(found) == 0 && (internalFrame(f.Function) || f.Function == "runtime.goexit"):
			own = append(own, call)
		default:
			found = append(found, call)
		}
		if !more {
			if len(found) == 0 {
				return own
			}
			return found
		}
	}
}
