/* idle.c: uv_idle_t. Go runs the callbacks before it crosses; the C handle only
 * mirrors them for what is active and what holds the loop alive. */
#include "cuv.h"

static void on_idle(uv_idle_t *p) { (void)p; }

/* uv_idle_start or uv_idle_stop. */
int cuv_idle_set(cuv_handle *h, int on) {
  return on ? uv_idle_start(&h->uv.idle, on_idle) : uv_idle_stop(&h->uv.idle);
}
