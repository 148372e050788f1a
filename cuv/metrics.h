/* metrics.h: what a loop counts, and its options. */
#ifndef CUV_METRICS_H
#define CUV_METRICS_H

#include "cuv.h"

/* What uv_metrics_info tells, for Go. */
typedef struct cuv_metrics {
  uint64_t loop_count;
  uint64_t events;
  uint64_t events_waiting;
} cuv_metrics;

/* metrics.c */
int cuv_loop_measure_idle(cuv_loop *l);
int cuv_loop_metrics(cuv_loop *l, cuv_metrics *out);
uint64_t cuv_loop_idle_time(cuv_loop *l);

#endif
