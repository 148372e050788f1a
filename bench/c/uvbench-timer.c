/* uvbench-timer.c: turns of a loop, and timers. */
#include "uvbench.h"

#include <stdlib.h>

enum { TICKS = 1000000, RESTARTS = 10000000, TIMERS = 1000000 };

static uint64_t ticks;

static void on_idle(uv_idle_t *h) {
  if (++ticks == TICKS) uv_idle_stop(h);
}

/* loop_count: turns that only run one idle callback. */
uint64_t loop_count(void) {
  static uv_idle_t idle;
  check(uv_idle_init(uv_default_loop(), &idle), "uv_idle_init");
  check(uv_idle_start(&idle, on_idle), "uv_idle_start");
  start();
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  return ticks;
}

static void never(uv_timer_t *t) {
  (void)t;
  abort();
}

/* timer_start_stop: one of a thousand timers is started and stopped, a
   thousand times a turn. */
static uv_timer_t few[1000];
static int rounds;

static void restart_all(uv_idle_t *h) {
  for (int i = 0; i < 1000; i++) {
    check(uv_timer_start(&few[i], never, 1000 + (uint64_t)i, 0), "uv_timer_start");
    check(uv_timer_stop(&few[i]), "uv_timer_stop");
  }
  if (++rounds == RESTARTS / 1000) uv_idle_stop(h);
}

uint64_t timer_start_stop(void) {
  static uv_idle_t idle;
  for (int i = 0; i < 1000; i++) check(uv_timer_init(uv_default_loop(), &few[i]), "uv_timer_init");
  check(uv_idle_init(uv_default_loop(), &idle), "uv_idle_init");
  check(uv_idle_start(&idle, restart_all), "uv_idle_start");
  start();
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  return RESTARTS;
}

static uint64_t fired;

static void on_timer(uv_timer_t *t) {
  (void)t;
  fired++;
}

/* million_timers: makes, starts and fires a million timers, and closes them. */
uint64_t million_timers(void) {
  uv_loop_t *loop = uv_default_loop();
  start();
  uv_timer_t *timers = alloc(TIMERS * sizeof *timers);
  uint64_t timeout = 0;
  for (int i = 0; i < TIMERS; i++) {
    if (i % 1000 == 0) timeout++;
    check(uv_timer_init(loop, &timers[i]), "uv_timer_init");
    check(uv_timer_start(&timers[i], on_timer, timeout, 0), "uv_timer_start");
  }
  uv_run(loop, UV_RUN_DEFAULT);
  for (int i = 0; i < TIMERS; i++) uv_close((uv_handle_t *)&timers[i], NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  if (fired != TIMERS) fail("%llu of %d timers fired", (unsigned long long)fired, TIMERS);
  return TIMERS;
}
