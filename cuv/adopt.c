/* adopt.c: our loop lives inside the host's, which polls our backend descriptor;
 * docs/adopt.md draws it. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "adopt.h"

/* uv_loop_alive, without the close of handles that nobody owns, such as that of a
 * failed spawn, and without what only keeps a loop in a host turning. */
int cuv_host_alive(cuv_loop *l) {
  uv_handle_t *keep = l->host != NULL ? (uv_handle_t *)&l->host->keep : NULL;
  uv_handle_t *strays = cuv_handle_only_strays(&l->uv) ? l->uv.closing_handles : NULL;
  if (keep != NULL) uv_unref(keep);
  if (strays != NULL) l->uv.closing_handles = NULL;
  int alive = uv_loop_alive(&l->uv);
  if (strays != NULL) l->uv.closing_handles = strays;
  if (keep != NULL) uv_ref(keep);
  return alive;
}

/* Whether a handle of our loop serves the host. */
int cuv_host_owns(cuv_loop *l, const uv_handle_t *h) { return l->host != NULL && h == (uv_handle_t *)&l->host->keep; }

static void on_due(uv_timer_t *t);

/* Asks for a turn, because Go did something outside of one. */
void cuv_host_kick(cuv_loop *l) {
  cuv_host *h = l->host;
  l->ring.sq_cap = h->sq_cap;
  if (h->busy || uv_is_closing((uv_handle_t *)&h->poll)) return;
  uv_ref((uv_handle_t *)&h->poll);
  uv_timer_start(&h->due, on_due, 0, 0);
}

/* How long our loop may wait, in ms of now; -1 without limit. */
static int64_t patience(cuv_loop *l) {
  int ms = uv_backend_timeout(&l->uv);
  if (ms <= 0) return ms;
  uint64_t due = uv_now(&l->uv) + (uint64_t)ms, now = uv_hrtime() / 1000000;
  return now >= due ? 0 : (int64_t)(due - now);
}

/* Leaves the host's loop as our loop needs it after a turn: alive or not, and
 * woken in time. What the callbacks submitted leaves now. */
static void settle(cuv_host *h, int answer) {
  cuv_loop *l = h->l;
  uv_handle_t *poll = (uv_handle_t *)&h->poll;
  cuv_drain(l);
  l->ring.flushes++; /* Go takes back what has not been drained */
  int again = (answer & CUV_HOST_AGAIN) != 0 || l->ring.cq_head != l->ring.cq_tail;
  l->ring.alive = (uint32_t)cuv_host_alive(l);
  l->ring.sq_cap = 0; /* the next submission calls cuv_flush first, and so kicks */
  if (uv_is_closing(poll)) return; /* the host closed it: no more turns */
  int64_t ms = again ? 0 : patience(l);
  if (ms < 0)
    uv_timer_stop(&h->due);
  else
    uv_timer_start(&h->due, on_due, (uint64_t)ms, 0);
  if (again || l->ring.alive)
    uv_ref(poll);
  else
    uv_unref(poll);
  if (answer & CUV_HOST_STOP) uv_stop(h->loop);
}

/* One turn of Go's. */
static void turn(cuv_host *h) {
  if (h->busy || h->l == NULL) return;
  h->busy = 1;
  h->l->ring.sq_cap = h->sq_cap;
  int answer = cuvHostTurn(h->id);
  if (h->l != NULL) settle(h, answer);
  h->busy = 0;
}

static void on_poll(uv_poll_t *p, int status, int events) {
  (void)status, (void)events;
  turn(p->data);
}

static void on_due(uv_timer_t *t) { turn(t->data); }

/* Runs before the host polls: what was submitted since, and what is due at once,
 * such as idle handles, does not wait for that poll. */
static void on_look(uv_prepare_t *p) {
  cuv_host *h = p->data;
  cuv_ring *r = &h->l->ring;
  if (r->sq_len != 0 || r->cq_head != r->cq_tail || uv_backend_timeout(&h->l->uv) == 0) turn(h);
}

static void on_keep(uv_check_t *c) { (void)c; }

/* Puts the loop into the host's. */
int cuv_host_attach(cuv_loop *l, void *host, uint32_t id) {
  cuv_host *h = calloc(1, sizeof *h);
  if (h == NULL) return UV_ENOMEM;
  h->l = l;
  h->loop = host;
  h->id = id;
  h->sq_cap = l->ring.sq_cap;
  h->fd = fcntl(uv_backend_fd(&l->uv), F_DUPFD_CLOEXEC, 3);
  int r = h->fd < 0 ? -errno : uv_poll_init(h->loop, &h->poll, h->fd);
  if (r < 0) {
    if (h->fd >= 0) close(h->fd);
    free(h);
    return r;
  }
  uv_prepare_init(h->loop, &h->look);
  uv_timer_init(h->loop, &h->due);
  uv_check_init(&l->uv, &h->keep);
  h->poll.data = h->look.data = h->due.data = h->keep.data = h;
  uv_unref((uv_handle_t *)&h->look);
  uv_unref((uv_handle_t *)&h->due);
  uv_poll_start(&h->poll, UV_READABLE, on_poll);
  uv_prepare_start(&h->look, on_look);
  uv_check_start(&h->keep, on_keep);
  l->host = h;
  settle(h, CUV_HOST_AGAIN); /* the first turn makes the kernel watch our descriptors */
  return 0;
}

/* libuv is done with one of the handles. */
static void on_closed(uv_handle_t *uv) {
  cuv_host *h = uv->data;
  if (--h->open == 0) free(h);
}

/* What hosts cut off: libuv may refer to it as long as the host's loop lives, and
 * nobody tells when that ends. */
static _Atomic(cuv_host *) abandoned;

/* Takes the loop out of the host's, which finishes it when it runs next. Handles
 * that the host has closed itself may still be in its hands: then the memory
 * stays. */
void cuv_host_detach(cuv_loop *l) {
  cuv_host *h = l->host;
  uv_handle_t *all[] = {(uv_handle_t *)&h->poll, (uv_handle_t *)&h->look, (uv_handle_t *)&h->due, (uv_handle_t *)&h->keep};
  l->host = NULL;
  l->ring.sq_cap = h->sq_cap;
  h->l = NULL;
  h->open = 4;
  int cut = uv_is_closing(all[0]) || uv_is_closing(all[1]) || uv_is_closing(all[2]);
  for (int i = 0; i < 4; i++)
    if (!uv_is_closing(all[i])) uv_close(all[i], on_closed);
  close(h->fd);
  if (cut) {
    h->next = atomic_load(&abandoned);
    while (!atomic_compare_exchange_weak(&abandoned, &h->next, h)) {
    }
  }
}
