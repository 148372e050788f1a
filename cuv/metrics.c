/* metrics.c: uv_metrics_t and the loop option that it needs. */
#include "metrics.h"

/* Makes the loop add up the time that it waits. */
int cuv_loop_measure_idle(cuv_loop *l) { return uv_loop_configure(&l->uv, UV_METRICS_IDLE_TIME); }

/* uv_metrics_info, without the part that is libuv's own. */
int cuv_loop_metrics(cuv_loop *l, cuv_metrics *out) {
  uv_metrics_t m;
  int r = uv_metrics_info(&l->uv, &m);
  if (r < 0) return r;
  out->loop_count = m.loop_count;
  out->events = m.events;
  out->events_waiting = m.events_waiting;
  return 0;
}

/* uv_metrics_idle_time, in nanoseconds; any thread may ask. */
uint64_t cuv_loop_idle_time(cuv_loop *l) { return uv_metrics_idle_time(&l->uv); }
