package uvnet

import "github.com/uvgo/uvgo/uv"

// LoopStats returns what each loop of the Net has counted; the zero Net, like a nil *Net, stands for the default group, which has none
// before it is first used. Any goroutine may call it, at any time.
func (n *Net) LoopStats() []uv.Stats {
	if n == nil || n.workers == nil {
		standard.Lock()
		n = standard.net
		standard.Unlock()
		if n == nil {
			return nil
		}
	}
	all := make([]uv.Stats, len(n.workers))
	for i, w := range n.workers {
		all[i] = w.loop.Stats()
	}
	return all
}

// LoopStats is [Net.LoopStats] of the default group.
func LoopStats() []uv.Stats { return (*Net)(nil).LoopStats() }
