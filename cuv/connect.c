/* connect.c: uv_connect_t. */

#include "connect.h"

/* A connect request for the Go request in slot. */
cuv_connect_req *cuv_connect_new(uint32_t slot, uint32_t gen) {
  cuv_connect_req *c = cuv_malloc(sizeof *c);
  if (c == NULL) return NULL;
  c->slot = slot;
  c->gen = gen;
  return c;
}

/* Reports the outcome of a connect. */
void cuv_on_connect(uv_connect_t *req, int status) {
  cuv_connect_req *c = (cuv_connect_req *)req;
  cuv_push(cuv_loop_of(cuv_of(req->handle)), CUV_EV_CONNECT, c->slot, c->gen, status, NULL, 0);
  cuv_free(c);
}
