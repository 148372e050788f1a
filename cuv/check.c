/* check.c: uv_check_t. Its event marks the check phase among a turn's events. */
#include "cuv.h"

static void on_check(uv_check_t *c) { cuv_push_handle(cuv_of(c), CUV_EV_CHECK, 0, NULL, 0); }

/* uv_check_start or uv_check_stop. */
int cuv_check_set(cuv_handle *h, int on) {
  return on ? uv_check_start(&h->uv.check, on_check) : uv_check_stop(&h->uv.check);
}
