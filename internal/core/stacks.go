package core

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/pprof"
	"strings"
)

// stacksExact is up to how many goroutines the runtime is asked for all stacks. That stops the process meanwhile: for
// 15 µs a goroutine, so 10,000 would take 150 ms. The profile of goroutines stops it for moments only, and takes 60 ms of one processor
// for 10,000. But it does not tell which loop a stack belongs to.
const stacksExact = 1000

// callbackStacks returns the stacks of the callbacks that loops run.
func callbackStacks(loops []*Core) []stuckStack {
	found := make([]stuckStack, len(loops))
	if runtime.NumGoroutine() > stacksExact {
		s := profiledStack()
		for i := range found {
			found[i] = s
		}
		return found
	}
	buf := make([]byte, 64<<10)
	n := runtime.Stack(buf, true)
	for n == len(buf) && n < 16<<20 {
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, true)
	}
	text := buf[:n]
	for i, c := range loops {
		found[i] = c.findStack(text)
	}
	return found
}

// findStack finds the stack of the callback that has the baton, in a text of [runtime.Stack]. The goroutine is in advance, with
// this Core. Others are, too: those whose callbacks have given the baton away by Block, or that are lent the loop no longer.
func (c *Core) findStack(text []byte) stuckStack {
	mark := fmt.Appendf(nil, "internal/core.(*Core).advance(%p", c)
	lent := stuckStack{state: "unknown"}
	for one := range bytes.SplitSeq(text, []byte("\n\n")) {
		at := bytes.Index(one, mark)
		if at < 0 || bytes.Contains(one[:at], []byte("internal/core.(*Core).Block")) {
			continue
		}
		s := parseStack(one)
		if !bytes.Contains(one[:at], []byte("internal/core.(*Core).Lend")) {
			return s
		}
		lent = s // unless another one has the baton: then this one has given it away
	}
	return lent
}

// parseStack parses the stack of a goroutine.
func parseStack(one []byte) stuckStack {
	s := stuckStack{state: "unknown"}
	if open := bytes.IndexByte(one, '['); open >= 0 {
		state, _, _ := strings.Cut(string(one[open+1:]), "]")
		s.state, _, _ = strings.Cut(state, ",")
	}
	lines := strings.Split(strings.TrimSpace(string(one)), "\n")
	for i := 1; i+1 < len(lines); i += 2 {
		call, place := lines[i], strings.TrimSpace(lines[i+1])
		if at := strings.LastIndexByte(call, '('); at > 0 {
			call = call[:at]
		}
		place, _, _ = strings.Cut(place, " +0x")
		if !s.add(call, place) {
			break
		}
	}
	return s
}

// add adds a call, the next outer one. False: it is the loop's own, and so are all that follow.
func (s *stuckStack) add(call, place string) bool {
	if strings.HasPrefix(call, module+"/internal/core.") {
		return len(s.calls) == 0 || strings.Contains(call, "Lend")
	}
	s.calls = append(s.calls, call+"("+place+")")
	return true
}

// profiledStack finds the stack of a callback in the profile of goroutines. If several loops run callbacks, it takes the stack that
// has the most of them, which may not be the one that is stuck.
func profiledStack() (s stuckStack) {
	s.state = "unknown"
	var text bytes.Buffer
	if pprof.Lookup("goroutine").WriteTo(&text, 1) != nil {
		return s
	}
	for one := range strings.SplitSeq(text.String(), "\n\n") {
		if !strings.Contains(one, "internal/core.(*Core).advance+") || strings.Contains(one, "cuv.(*Loop).Turn+") ||
			strings.Contains(one, "internal/core.(*Core).wait+") || strings.Contains(one, "internal/core.(*Core).Block+") {
			continue
		}
		found := stuckStack{state: "unknown"}
		for line := range strings.SplitSeq(one, "\n") {
			fields := strings.Fields(line) // #, address, function+offset, file:line
			if len(fields) != 4 || fields[0] != "#" {
				continue
			}
			call, _, _ := strings.Cut(fields[2], "+0x")
			if !found.add(call, fields[3]) {
				break
			}
		}
		if len(found.calls) > 0 {
			return found // the profile has the most frequent stacks first
		}
	}
	return s
}
