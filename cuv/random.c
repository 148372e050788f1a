/* random.c: uv_random_t. */

#include "random.h"

/* Reports the outcome. */
static void on_random(uv_random_t *req, int status, void *buf, size_t n) {
  cuv_random *r = (cuv_random *)req;
  (void)buf, (void)n;
  r->done = 1;
  cuv_push(r->loop, CUV_EV_RANDOM, r->slot, r->gen, status, NULL, 0);
}

/* uv_random in the calling thread. */
int cuv_random_fill(char *buf, size_t n) {
  cuv_stdio_fill();
  return uv_random(NULL, NULL, buf, n, 0, NULL);
}

/* uv_random for the Go request in slot; buf stays where it is until its event. */
int cuv_random_new(cuv_loop *l, char *buf, size_t n, uint32_t slot, uint32_t gen, cuv_random **out) {
  cuv_flush(l);
  cuv_random *r = cuv_calloc(1, sizeof *r);
  if (r == NULL) return UV_ENOMEM;
  r->loop = l;
  r->slot = slot;
  r->gen = gen;
  int entered = cuv_pool_enter();
  cuv_stdio_fill(); /* for /dev/urandom, where the system call is forbidden */
  int rc = uv_random(&l->uv, &r->req, buf, n, 0, on_random);
  cuv_pool_leave(entered);
  if (rc < 0)
    cuv_free(r);
  else
    *out = r;
  return rc;
}

/* uv_cancel. UV_EBUSY also if the request's event waits for Go already, and for a second
 * cancel. */
int cuv_random_cancel(cuv_random *r) {
  cuv_flush(r->loop);
  if (r->done) return UV_EBUSY;
  int rc = uv_cancel((uv_req_t *)&r->req);
  if (rc == 0) r->done = 1;
  return rc;
}

/* Releases a request whose event has come. */
void cuv_random_free(cuv_random *r) { cuv_free(r); }
