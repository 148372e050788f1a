/* timer.c: uv_timer_t. Times are in milliseconds of the loop's clock. */
#include <stdlib.h>

#include "cuv.h"

/* The status tells whether the timer goes on: it repeats. */
static void on_timer(uv_timer_t *t) {
  cuv_push_handle(cuv_of(t), CUV_EV_TIMER, uv_is_active((uv_handle_t *)t), NULL, 0);
}

/* Carries out a timer's submission. Go computed the due time from the clock
 * that the loop still shows, so the difference is exact. */
void cuv_timer_op(cuv_loop *l, cuv_sqe *e) {
  uv_timer_t *t = &e->h->uv.timer;
  uint64_t now = uv_now(&l->uv);
  switch (e->op) {
  case CUV_OP_TIMER_INIT: uv_timer_init(&l->uv, t); break; /* cannot fail */
  case CUV_OP_TIMER_START: uv_timer_start(t, on_timer, e->a > now ? e->a - now : 0, e->b); break;
  case CUV_OP_TIMER_STOP: uv_timer_stop(t); break;
  case CUV_OP_TIMER_AGAIN: uv_timer_again(t); break;
  case CUV_OP_TIMER_REPEAT: uv_timer_set_repeat(t, e->b); break;
  }
}

/* Memory for n timers, which CUV_OP_TIMER_INIT makes handles of; returns how
 * many there are. */
int cuv_timer_stock(cuv_loop *l, cuv_handle **out, int n) {
  for (int i = 0; i < n; i++) {
    if ((out[i] = cuv_handle_alloc(UV_TIMER)) == NULL) return i;
    out[i]->uv.handle.loop = &l->uv; /* direct calls find their loop before the drain by it */
  }
  return n;
}

/* uv_timer_get_repeat, after the submissions have been drained. */
uint64_t cuv_timer_repeat(cuv_handle *h) {
  cuv_flush(cuv_loop_of(h));
  return uv_timer_get_repeat(&h->uv.timer);
}

/* uv_timer_get_due_in, after the submissions have been drained. */
uint64_t cuv_timer_due_in(cuv_handle *h) {
  cuv_flush(cuv_loop_of(h));
  return uv_timer_get_due_in(&h->uv.timer);
}
