package core

import (
	"strconv"
	"sync/atomic"
)

// named counts the loops without a name of their own.
var named atomic.Uint64

// nameOf returns the name of a loop that is about to be made: that of its configuration, with its number if it is one of several. A
// loop without either has a number of its own in the process.
func nameOf(cfg *Config) string {
	switch {
	case cfg.Name == "":
		return strconv.FormatUint(named.Add(1)-1, 10)
	case cfg.Number > 0:
		return cfg.Name + "/" + strconv.Itoa(cfg.Number-1)
	}
	return cfg.Name
}

// Name returns the loop's name, which does not change: for logs, metrics and profiles. Any goroutine may call it. Empty for no loop.
func (c *Core) Name() string {
	if c == nil {
		return ""
	}
	return c.name
}
