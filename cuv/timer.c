/* timer.c: uv_timer_t. Times are in milliseconds of the loop's clock. */

#include "cuv.h"

/* The status tells whether the timer goes on: it repeats. */
static void on_timer(uv_timer_t *t) {
  cuv_push_handle(cuv_of(t), CUV_EV_TIMER, uv_is_active((uv_handle_t *)t), NULL, 0);
}

/* uv_timer_init, which cannot fail. */
void cuv_timer_init(cuv_loop *l, cuv_sqe *e) { uv_timer_init(&l->uv, &e->h->uv.timer); }

/* uv_timer_start. Go has computed the due time from the clock that the loop still shows,
 * so the difference is exact. */
void cuv_timer_start(cuv_loop *l, cuv_sqe *e) {
  uint64_t now = uv_now(&l->uv);
  uv_timer_start(&e->h->uv.timer, on_timer, e->a > now ? e->a - now : 0, e->b);
}

/* uv_timer_stop. */
void cuv_timer_stop(cuv_loop *l, cuv_sqe *e) {
  (void)l;
  uv_timer_stop(&e->h->uv.timer);
}

/* uv_timer_again. */
void cuv_timer_again(cuv_loop *l, cuv_sqe *e) {
  (void)l;
  uv_timer_again(&e->h->uv.timer);
}

/* uv_timer_set_repeat. */
void cuv_timer_set_repeat(cuv_loop *l, cuv_sqe *e) {
  (void)l;
  uv_timer_set_repeat(&e->h->uv.timer, e->b);
}

/* Memory for n timers, which CUV_OP_TIMER_INIT makes handles of; returns how
 * many there are. */
int cuv_timer_stock(cuv_loop *l, cuv_handle **out, int n) {
  for (int i = 0; i < n; i++) {
    if ((out[i] = cuv_handle_alloc(UV_TIMER)) == NULL) return i;
    out[i]->uv.handle.loop = &l->uv; /* by it a direct call finds the loop, to drain it first */
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
