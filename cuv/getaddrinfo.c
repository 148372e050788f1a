/* getaddrinfo.c: uv_getaddrinfo_t. */
#include <string.h>

#include "addr.h"
#include "getaddrinfo.h"

/* Copies the internet addresses of res into one array. */
static int keep(cuv_getaddrinfo *g, const struct addrinfo *res) {
  size_t n = 0;
  for (const struct addrinfo *ai = res; ai != NULL; ai = ai->ai_next) n++;
  if (n == 0) return 0;
  if ((g->list = cuv_calloc(n, sizeof *g->list)) == NULL) return UV_EAI_MEMORY;
  for (const struct addrinfo *ai = res; ai != NULL; ai = ai->ai_next) {
    cuv_addrinfo *e = &g->list[g->n];
    cuv_addr_from(&e->addr, ai->ai_addr);
    if (e->addr.family == 0) continue;
    e->socktype = ai->ai_socktype;
    e->protocol = ai->ai_protocol;
    g->n++;
  }
  if (res->ai_canonname != NULL && (g->canonname = cuv_strdup(res->ai_canonname)) == NULL) return UV_EAI_MEMORY;
  return 0;
}

/* Reports the outcome; Go then reads the request. */
static void on_addrinfo(uv_getaddrinfo_t *req, int status, struct addrinfo *res) {
  cuv_getaddrinfo *g = (cuv_getaddrinfo *)req;
  if (status == 0) status = keep(g, res);
  uv_freeaddrinfo(res);
  g->done = 1;
  cuv_push(g->loop, CUV_EV_ADDRINFO, g->slot, g->gen, status, NULL, 0);
}

/* uv_getaddrinfo for the Go request in slot; family is 4, 6 or 0 for both, host
 * or service may be NULL. */
int cuv_getaddrinfo_new(cuv_loop *l, const char *host, const char *service, int family, int socktype, int protocol,
                        int flags, uint32_t slot, uint32_t gen, cuv_getaddrinfo **out) {
  cuv_flush(l);
  cuv_getaddrinfo *g = cuv_calloc(1, sizeof *g);
  if (g == NULL) return UV_ENOMEM;
  g->loop = l;
  g->slot = slot;
  g->gen = gen;
  struct addrinfo hints = {
      .ai_family = family == 4 ? AF_INET : family == 6 ? AF_INET6 : AF_UNSPEC,
      .ai_socktype = socktype,
      .ai_protocol = protocol,
      .ai_flags = flags,
  };
  int entered = cuv_pool_enter();
  int r = uv_getaddrinfo(&l->uv, &g->req, on_addrinfo, host, service, &hints);
  cuv_pool_leave(entered);
  if (r < 0)
    cuv_free(g);
  else
    *out = g;
  return r;
}

/* uv_cancel. UV_EBUSY also if the request's event waits for Go already, and for a second
 * cancel. */
int cuv_getaddrinfo_cancel(cuv_getaddrinfo *g) {
  cuv_flush(g->loop);
  if (g->done) return UV_EBUSY;
  int r = uv_cancel((uv_req_t *)&g->req);
  if (r == 0) g->done = 1;
  return r;
}

/* Releases a request whose event has come. */
void cuv_getaddrinfo_free(cuv_getaddrinfo *g) {
  cuv_free(g->canonname);
  cuv_free(g->list);
  cuv_free(g);
}
