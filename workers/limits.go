package workers

import "time"

// watchLimits looks at the workers' age and memory now and then.
func (r *run) watchLimits() error {
	if r.maxAge == 0 && r.maxMemory == 0 {
		return nil
	}
	t, err := r.loop.NewTimer()
	if err != nil {
		return err
	}
	return t.Start(r.checkEvery, r.checkEvery, r.checkLimits)
}

// checkLimits replaces the first worker that is over a limit. Another one has to wait until the successor is ready: all at
// once would be a load of their own.
func (r *run) checkLimits() {
	if r.ending || r.reloading != nil || r.probing {
		return
	}
	for _, s := range r.slots {
		if s.next != nil {
			return
		}
	}
	now := time.Now()
	for _, s := range r.slots {
		w := s.current
		if w == nil || w.state != ready || now.Before(s.recycle) {
			continue
		}
		if age := now.Sub(w.started); w.maxAge > 0 && age >= w.maxAge {
			s.replaceOne("its age", "age", age.Round(time.Millisecond))
			return
		}
		if rss := usageOf(w.pid).rss; r.maxMemory > 0 && rss > r.maxMemory {
			s.replaceOne("its memory", "bytes", rss, "limit", r.maxMemory)
			return
		}
	}
}
