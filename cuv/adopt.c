/* adopt.c: our loop lives inside the host's, which polls our backend descriptor;
 * docs/adopt.md draws it. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

#include "adopt.h"

static void on_timer(uv_timer_t *t);

/* Asks for a turn: cuv_loop.kick. */
static void kick(cuv_loop *l) {
  cuv_host *h = l->host;
  l->ring.sq_limit = l->ring.sq_cap;
  if (h->busy || uv_is_closing((uv_handle_t *)&h->poll)) return;
  uv_ref((uv_handle_t *)&h->poll);
  uv_timer_start(&h->timer, on_timer, 0, 0);
}

/* How long our loop may wait from now, in ms; -1 without limit. */
static int64_t wait_ms(cuv_loop *l) {
  int ms = uv_backend_timeout(&l->uv);
  if (ms <= 0) return ms;
  uint64_t due = uv_now(&l->uv) + (uint64_t)ms, now = uv_hrtime() / 1000000;
  return now >= due ? 0 : (int64_t)(due - now);
}

/* Prepares the host's loop for the time until our next turn: it stays alive if ours is,
 * and its timer makes that turn in time. What the callbacks submitted is carried out
 * now. */
static void settle(cuv_host *h, int answer) {
  cuv_loop *l = h->l;
  uv_handle_t *poll = (uv_handle_t *)&h->poll;
  cuv_drain(l);
  l->ring.flushes++; /* Go takes back what has not been drained */
  int again = (answer & CUV_HOST_AGAIN) != 0 || l->ring.cq_head != l->ring.cq_tail;
  l->ring.alive = (uint32_t)cuv_alive(l);
  l->ring.sq_limit = 0; /* the next submission calls cuv_flush first, and so kick */
  if (uv_is_closing(poll)) return; /* the host closed it: no more turns */
  int64_t ms = again ? 0 : wait_ms(l);
  if (ms < 0)
    uv_timer_stop(&h->timer);
  else
    uv_timer_start(&h->timer, on_timer, (uint64_t)ms, 0);
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
  h->l->ring.sq_limit = h->l->ring.sq_cap;
  int answer = cuvHostTurn(h->id);
  if (h->l != NULL) settle(h, answer);
  h->busy = 0;
}

static void on_poll(uv_poll_t *p, int status, int events) {
  (void)status, (void)events;
  turn(p->data);
}

static void on_timer(uv_timer_t *t) { turn(t->data); }

/* Runs before the host polls: what was submitted since, and what is due at once,
 * such as idle handles, does not wait for that poll. */
static void on_prepare(uv_prepare_t *p) {
  cuv_host *h = p->data;
  cuv_ring *r = &h->l->ring;
  if (r->sq_len != 0 || r->cq_head != r->cq_tail || uv_backend_timeout(&h->l->uv) == 0) turn(h);
}

static void on_keep(uv_check_t *c) { (void)c; }

/* Puts the loop into the host's. */
int cuv_host_attach(cuv_loop *l, void *host, uint32_t id) {
  cuv_host *h = cuv_calloc(1, sizeof *h);
  if (h == NULL) return UV_ENOMEM;
  h->l = l;
  h->loop = host;
  h->id = id;
  h->fd = fcntl(uv_backend_fd(&l->uv), F_DUPFD_CLOEXEC, 3);
  int r = h->fd < 0 ? -errno : uv_poll_init(h->loop, &h->poll, h->fd);
  if (r < 0) {
    if (h->fd >= 0) close(h->fd);
    cuv_free(h);
    return r;
  }
  uv_prepare_init(h->loop, &h->prepare);
  uv_timer_init(h->loop, &h->timer);
  uv_check_init(&l->uv, &h->keep);
  h->poll.data = h->prepare.data = h->timer.data = h->keep.data = h;
  uv_unref((uv_handle_t *)&h->prepare);
  uv_unref((uv_handle_t *)&h->timer);
  uv_poll_start(&h->poll, UV_READABLE, on_poll);
  uv_prepare_start(&h->prepare, on_prepare);
  uv_check_start(&h->keep, on_keep);
  l->host = h;
  l->kick = kick;
  l->keep = (uv_handle_t *)&h->keep;
  settle(h, CUV_HOST_AGAIN); /* the first turn makes the kernel watch our descriptors */
  return 0;
}

/* libuv is done with one of the handles. */
static void on_closed(uv_handle_t *uv) {
  cuv_host *h = uv->data;
  if (--h->open == 0) cuv_free(h);
}

/* What remains where the host has closed our handles: libuv may refer to it as long as the
 * host's loop lives, and cuv is not told when that ends. */
static _Atomic(cuv_host *) abandoned;

/* Takes the loop out of the host's; our handles there close when the host runs next. libuv
 * may still use a handle that the host has closed itself: then the memory stays. */
void cuv_host_detach(cuv_loop *l) {
  cuv_host *h = l->host;
  uv_handle_t *all[] = {(uv_handle_t *)&h->poll, (uv_handle_t *)&h->prepare, (uv_handle_t *)&h->timer, (uv_handle_t *)&h->keep};
  l->host = NULL;
  l->kick = NULL;
  l->keep = NULL;
  l->ring.sq_limit = l->ring.sq_cap;
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
