package workers

import (
	"os"
	"slices"
	"time"
)

// A Status is what a supervisor does.
type Status struct {
	PID        int       `json:"pid"`
	State      string    `json:"state"` // starting, running, reloading, degraded (a slot has failed) or draining
	Generation int       `json:"generation"`
	Workers    int       `json:"workers"` // how many there are to be
	Listen     []string  `json:"listen"`
	Began      time.Time `json:"began"`
	// ReloadError is why the last reload has failed, "" if it has not.
	ReloadError string         `json:"reload_error,omitempty"`
	Slots       []WorkerStatus `json:"slots"`
}

// A WorkerStatus is what a worker does, or a slot that has none.
type WorkerStatus struct {
	Slot       int    `json:"slot"`
	PID        int    `json:"pid,omitempty"` // 0: the slot has no worker
	Generation int    `json:"generation,omitempty"`
	State      string `json:"state"` // starting, ready, draining, backing off or failed
	// Age is how long it has run, in nanoseconds.
	Age time.Duration `json:"age_ns,omitempty"`
	// Restarts is how often the slot's worker was started again because it had died.
	Restarts int `json:"restarts"`
	// LastExit is how the slot's worker before has ended, "" for none.
	LastExit string `json:"last_exit,omitempty"`
	// Reason is why the slot has failed, or when it is tried again.
	Reason string `json:"reason,omitempty"`
	// Message is what the worker has said of itself by sd_notify (STATUS=).
	Message string `json:"message,omitempty"`
	// RSS is its resident memory in bytes, and CPU the time of processors that it has used, in nanoseconds. Linux only.
	RSS uint64        `json:"rss_bytes,omitempty"`
	CPU time.Duration `json:"cpu_ns,omitempty"`
}

// status describes the run.
func (r *run) status() Status {
	st := Status{PID: os.Getpid(), State: r.stateName(), Generation: r.generation, Workers: r.target, Listen: r.urls(), Began: r.began}
	if r.lastReload != nil {
		st.ReloadError = r.lastReload.Error()
	}
	for _, s := range r.slots {
		if s.current == nil {
			st.Slots = append(st.Slots, s.statusWithout())
		}
	}
	for _, w := range r.living {
		st.Slots = append(st.Slots, w.status())
	}
	slices.SortFunc(st.Slots, func(a, b WorkerStatus) int {
		if a.Slot != b.Slot {
			return a.Slot - b.Slot
		}
		return a.Generation - b.Generation
	})
	return st
}

// stateName is the state of all together.
func (r *run) stateName() string {
	switch {
	case r.ending:
		return "draining"
	case r.reloading != nil:
		return "reloading"
	case slices.ContainsFunc(r.slots, func(s *slot) bool { return s.failed != "" }):
		return "degraded"
	case !r.told:
		return "starting"
	}
	return "running"
}

// statusWithout describes a slot that has no worker.
func (s *slot) statusWithout() WorkerStatus {
	st := WorkerStatus{Slot: s.number, Restarts: s.restarts, LastExit: s.lastExit, State: "backing off"}
	switch {
	case s.failed != "":
		st.State, st.Reason = "failed", s.failed
	case s.timer != nil:
		st.Reason = "starts in " + max(time.Until(s.due), 0).Round(10*time.Millisecond).String()
	}
	return st
}

func (w *worker) status() WorkerStatus {
	u := usageOf(w.pid)
	return WorkerStatus{
		Slot: w.slot.number, PID: w.pid, Generation: w.generation, State: w.state.String(), Age: time.Since(w.started),
		Restarts: w.slot.restarts, LastExit: w.slot.lastExit, Message: w.message, RSS: u.rss, CPU: u.cpu,
	}
}
