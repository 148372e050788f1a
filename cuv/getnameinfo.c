/* getnameinfo.c: uv_getnameinfo_t. */

#include "addr.h"
#include "getaddrinfo.h"

/* Reports the outcome; Go then reads the request, which holds the names. */
static void on_nameinfo(uv_getnameinfo_t *req, int status, const char *host, const char *service) {
  cuv_getnameinfo *g = (cuv_getnameinfo *)req;
  (void)host, (void)service;
  g->done = 1;
  cuv_push(g->loop, CUV_EV_NAMEINFO, g->slot, g->gen, status, NULL, 0);
}

/* uv_getnameinfo for the Go request in slot. */
int cuv_getnameinfo_new(cuv_loop *l, cuv_addr addr, int flags, uint32_t slot, uint32_t gen, cuv_getnameinfo **out) {
  cuv_flush(l);
  struct sockaddr_storage ss;
  if (cuv_addr_to(&addr, &ss) == 0) return UV_EINVAL;
  cuv_getnameinfo *g = cuv_calloc(1, sizeof *g);
  if (g == NULL) return UV_ENOMEM;
  g->loop = l;
  g->slot = slot;
  g->gen = gen;
  int entered = cuv_pool_enter();
  int r = uv_getnameinfo(&l->uv, &g->req, on_nameinfo, (const struct sockaddr *)&ss, flags);
  cuv_pool_leave(entered);
  if (r < 0)
    cuv_free(g);
  else
    *out = g;
  return r;
}

/* uv_cancel. UV_EBUSY also if the request's event waits for Go already, and for a second
 * cancel. */
int cuv_getnameinfo_cancel(cuv_getnameinfo *g) {
  cuv_flush(g->loop);
  if (g->done) return UV_EBUSY;
  int r = uv_cancel((uv_req_t *)&g->req);
  if (r == 0) g->done = 1;
  return r;
}

/* Releases a request whose event has come. */
void cuv_getnameinfo_free(cuv_getnameinfo *g) { cuv_free(g); }
