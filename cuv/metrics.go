package cuv

// #include "metrics.h"
import "C"

import "time"

// MeasureIdle makes the loop add up the time that it waits. C function
// uv_loop_configure.
func (l *Loop) MeasureIdle() int { return int(C.cuv_loop_measure_idle(l.c())) }

// Metrics returns how often libuv's loop went round, how many events it
// handled, and how many of them waited when it looked. C function
// uv_metrics_info.
func (l *Loop) Metrics() (loopCount, events, eventsWaiting uint64, rc int) {
	var m C.cuv_metrics
	r := C.cuv_loop_metrics(l.c(), &m)
	return uint64(m.loop_count), uint64(m.events), uint64(m.events_waiting), int(r)
}

// IdleTime returns how long libuv has waited; any goroutine may ask until
// Close. C function uv_metrics_idle_time.
func (l *Loop) IdleTime() time.Duration { return time.Duration(C.cuv_loop_idle_time(l.c())) }
