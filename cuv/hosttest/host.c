/* host.c: a host of loops, as C programs are. */
#include <stdlib.h>

#include "host.h"

/* One of the host's own handles, whose callback calls Go once. */
typedef struct call {
  union {
    uv_timer_t timer;
    uv_prepare_t prepare;
    uv_handle_t handle;
  } uv;
  uint32_t id;
  uint64_t skip; /* turns that a prepare handle lets pass */
} call;

host *host_new(void) {
  host *h = calloc(1, sizeof *h);
  if (h != NULL && uv_loop_init(&h->loop) != 0) {
    free(h);
    return NULL;
  }
  return h;
}

static void on_close(uv_handle_t *uv) { free(uv->data); }

static void fire(uv_handle_t *uv) {
  call *c = uv->data;
  ((host *)uv->loop)->fired++;
  uv_close(uv, on_close);
  hosttestCall(c->id);
}

static void on_timer(uv_timer_t *t) { fire((uv_handle_t *)t); }
static void on_prepare(uv_prepare_t *p) {
  call *c = p->data;
  if (c->skip-- != 0) return;
  uv_prepare_stop(p); /* a handle that closes would keep the poll from blocking */
  hosttestCall(c->id);
}

/* Calls Go after a time, or in the prepare phase after as many turns. */
int host_after(host *h, uint64_t ms, uint32_t id, int prepare) {
  call *c = calloc(1, sizeof *c);
  if (c == NULL) return UV_ENOMEM;
  c->id = id;
  if (prepare) {
    c->skip = ms;
    uv_prepare_init(&h->loop, &c->uv.prepare);
    uv_prepare_start(&c->uv.prepare, on_prepare);
  } else {
    uv_timer_init(&h->loop, &c->uv.timer);
    uv_timer_start(&c->uv.timer, on_timer, ms, 0);
  }
  c->uv.handle.data = c;
  return 0;
}

static void shut(uv_handle_t *uv, void *arg) {
  ++*(int *)arg;
  if (!uv_is_closing(uv)) uv_close(uv, NULL);
}

/* Closes all that uv_walk shows, as some programs do at their end. */
int host_close_all(host *h) {
  int n = 0;
  uv_walk(&h->loop, shut, &n);
  return n;
}

static void shut_own(uv_handle_t *uv, void *arg) {
  (void)arg;
  int own = uv->type == UV_TIMER ? ((uv_timer_t *)uv)->timer_cb == on_timer : uv->type == UV_PREPARE && ((uv_prepare_t *)uv)->prepare_cb == on_prepare;
  if (own && !uv_is_closing(uv)) uv_close(uv, on_close);
}

/* Closes what host_after made. */
void host_close_own(host *h) { uv_walk(&h->loop, shut_own, NULL); }

int host_free(host *h) {
  int r = uv_loop_close(&h->loop);
  if (r == 0) free(h);
  return r;
}
