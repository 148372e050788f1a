/* prepare.c: uv_prepare_t. Go runs the callbacks before it crosses; the C handle only
 * mirrors them for what is active and what holds the loop alive. */
#include "cuv.h"

static void on_prepare(uv_prepare_t *p) { (void)p; }

/* uv_prepare_start or uv_prepare_stop. */
int cuv_prepare_set(cuv_handle *h, int on) {
  return on ? uv_prepare_start(&h->uv.prepare, on_prepare) : uv_prepare_stop(&h->uv.prepare);
}
