/* ring.c: submissions in, one run of libuv, completions out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>
#include <errno.h>

#include "adopt.h"
#include "udp.h"

/* Doubles the completion ring. Events already in it keep their index. */
static void grow(cuv_ring *r) {
  uint32_t cap = r->cq_cap * 2;
  cuv_cqe *cq = realloc(r->cq, (size_t)cap * sizeof *cq);
  if (cq == NULL) {
    fprintf(stderr, "uvgo: out of memory for %u completions\n", cap);
    abort(); /* an event must not be lost */
  }
  r->cq = cq;
  r->cq_cap = cap;
}

/* Appends one event. */
void cuv_push(cuv_loop *l, uint32_t kind, uint32_t slot, uint32_t gen, int32_t status, void *ptr, uint64_t aux) {
  cuv_ring *r = &l->ring;
  if (r->cq_tail == r->cq_cap) grow(r);
  cuv_cqe *e = &r->cq[r->cq_tail++];
  e->kind = kind;
  e->slot = slot;
  e->gen = gen;
  e->status = status;
  e->ptr = ptr;
  e->aux = aux;
  r->events++;
}

/* Appends one event of a handle, with the handle's generation of now. */
void cuv_push_handle(cuv_handle *h, uint32_t kind, int32_t status, void *ptr, uint64_t aux) {
  cuv_push(cuv_loop_of(h), kind, h->slot, h->gen, status, ptr, aux);
}

/* Starts or stops an idle, prepare or check handle. */
static void phase_op(cuv_handle *h, int on) {
  switch (h->kind) {
  case UV_IDLE: cuv_idle_set(h, on); break;
  case UV_PREPARE: cuv_prepare_set(h, on); break;
  case UV_CHECK: cuv_check_set(h, on); break;
  }
}

/* Carries out one submission that is not a write. */
static void submit(cuv_loop *l, cuv_sqe *e) {
  switch (e->op) {
  case CUV_OP_CLOSE: cuv_handle_close(e->h); break;
  case CUV_OP_FREE: cuv_handle_free(e->h); break;
  case CUV_OP_REF: uv_ref(&e->h->uv.handle); break;
  case CUV_OP_UNREF: uv_unref(&e->h->uv.handle); break;
  case CUV_OP_PHASE_START: phase_op(e->h, 1); break;
  case CUV_OP_PHASE_STOP: phase_op(e->h, 0); break;
  case CUV_OP_TIMER_INIT:
  case CUV_OP_TIMER_START:
  case CUV_OP_TIMER_STOP:
  case CUV_OP_TIMER_AGAIN:
  case CUV_OP_TIMER_REPEAT: cuv_timer_op(l, e); break;
  case CUV_OP_UDP_RECV_START:
  case CUV_OP_UDP_RECV_STOP: cuv_udp_op(e); break;
  default: cuv_stream_op(l, e); break;
  }
}

/* Sends the linked writes, or datagrams, of one handle. */
static void flush_chain(cuv_loop *l, cuv_handle *h) {
  if (h->kind == UV_UDP)
    cuv_udp_flush(l, h);
  else
    cuv_stream_flush(l, h);
}

/* Carries out all submissions in order. Writes are only linked here, one chain
 * a stream, and leave at the end, so that a turn's writes to one stream make
 * one system call; any other operation on a stream sends its chain first. So it
 * is with datagrams. */
void cuv_drain(cuv_loop *l) {
  cuv_ring *r = &l->ring;
  l->writes = NULL;
  for (uint32_t i = 0; i < r->sq_len; i++) {
    cuv_sqe *e = &r->sq[i];
    if (e->op == CUV_OP_WRITE || e->op == CUV_OP_UDP_SEND) {
      cuv_stream_queue(l, i);
      continue;
    }
    if (e->op == CUV_OP_NONE) continue;
    if (e->h->wfirst != CUV_NIL) flush_chain(l, e->h);
    submit(l, e);
  }
  for (cuv_handle *h = l->writes, *next; h != NULL; h = next) {
    next = h->wnext;
    if (h->wfirst != CUV_NIL) flush_chain(l, h);
    h->wlast = CUV_NIL;
  }
  r->sq_len = 0;
  r->out_len = 0;
}

/* Drains the submissions without running the loop. Direct calls begin with it;
 * what they do next may change what is alive. */
void cuv_flush(cuv_loop *l) {
  if (l->host != NULL) cuv_host_kick(l);
  cuv_drain(l);
  l->ring.alive = (uint32_t)cuv_host_alive(l);
  l->ring.stale = 1;
  l->ring.flushes++;
}

/* Ends a timers-only run. */
static void on_first(uv_timer_t *t) { uv_stop(t->loop); }

/* Keeps the loop alive for the forced round. */
static void on_force(uv_idle_t *t) { (void)t; }

/* Runs the timers that are due and nothing else: uv_run(DEFAULT) does so before
 * its first round, and an unreferenced timer of our own stops it there. */
static int run_timers(cuv_loop *l) {
  uv_timer_start(&l->first, on_first, 0, 0);
  int alive = uv_run(&l->uv, UV_RUN_DEFAULT);
  uv_timer_stop(&l->first);
  return alive;
}

/* Runs one round of a loop that died between the phases that Go ran and the
 * poll: libuv would have finished that round, without blocking. */
static int run_forced(cuv_loop *l) {
  uv_idle_start(&l->force, on_force);
  uv_run(&l->uv, UV_RUN_NOWAIT);
  uv_idle_stop(&l->force);
  return uv_loop_alive(&l->uv);
}

/* A listener that cannot accept for want of descriptors stays readable, and the
 * loop would spin. When turns poll again and again without bringing anything
 * and the process is out of descriptors, give the others a little time. */
static void back_off(cuv_loop *l) {
  if (l->ring.cq_head != l->ring.cq_tail || l->ring.busy == 0) {
    l->barren = 0;
    return;
  }
  if (++l->barren < 16) return;
  int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    close(fd);
    l->barren = 0;
  } else if (errno == EMFILE || errno == ENFILE) {
    struct timespec ms = {0, 5 * 1000 * 1000};
    nanosleep(&ms, NULL);
  }
}

/* Moves the events that still wait to the front, and tells whether one of them
 * lends bytes of the read arena. What no event lends any more is taken back.
 * They are few: completions of submissions that a call in Go's callbacks
 * drained early. */
static int compact(cuv_loop *l) {
  cuv_ring *r = &l->ring;
  uint32_t n = r->cq_tail - r->cq_head;
  int lends = 0, lent = 0;
  if (r->cq_head != 0) memmove(r->cq, r->cq + r->cq_head, n * sizeof *r->cq);
  r->cq_head = 0;
  r->cq_tail = n;
  for (uint32_t i = 0; i < n; i++) {
    lends |= (uintptr_t)r->cq[i].ptr - (uintptr_t)r->in < r->in_cap;
    lent |= cuv_lends(&r->cq[i]);
  }
  if (!lent) cuv_lend_reset(l);
  return lends;
}

enum {
  arena_keep = 1 << 20, /* bytes of the read arena that stay */
  arena_calm = 1024,    /* turns that do with them before the others go */
};

/* Gives the kernel back what a burst needed of the read arena, once it is over. */
static void give_back(cuv_loop *l) {
  cuv_ring *r = &l->ring;
  if (r->in_len > arena_keep) {
    l->grown = 1;
    l->calm = 0;
  } else if (l->grown && ++l->calm == arena_calm) {
    madvise(r->in + arena_keep, r->in_cap - arena_keep, MADV_DONTNEED);
    l->grown = 0;
  }
}

enum {
  pace_bytes = 512 << 10, /* what a turn reads of messages, if there is more */
  pace_bulk = 32 << 10,   /* who brings more at once is no message */
};

/* Decides how many descriptors the next poll takes, by what those of this turn
 * brought: large messages are answered while the cache still holds them. Bulk
 * data goes better in long turns, in which its senders' buffers run empty. */
static void pace(cuv_loop *l) {
  uint32_t each = l->ring.in_len / l->ring.busy;
  uint32_t n = each == 0 || each > pace_bulk ? l->batch_max : pace_bytes / each;
  if (n > l->batch * 2) n = l->batch * 2;
  if (n < CUV_BATCH_MIN) n = CUV_BATCH_MIN;
  l->batch = n < l->batch_max ? n : l->batch_max;
}

/* How long uv_run's poll would wait now, in ms, -1 without limit. uv_backend_timeout
 * says 0 while the kernel does not know yet of all that is to be polled, which says
 * nothing about that: the poll tells it first. */
static int patience(cuv_loop *l) {
  struct uv__queue *unknown = &l->uv.watcher_queue, held = *unknown;
  unknown->next = unknown->prev = unknown; /* empty, as long as we look */
  int ms = uv_backend_timeout(&l->uv);
  *unknown = held;
  return ms;
}

/* Ends a piece of a wait. A poll that blocked would still wait if no descriptor is
 * ready and, wait ms after the clock showed start, no timer was due. Then there was
 * no round, and its check callbacks must not run: the events of check handles, and
 * there are no others, are taken back. */
static void still_waits(cuv_loop *l, int wait, uint64_t start) {
  cuv_ring *r = &l->ring;
  if (r->busy != 0) return;
  if (wait > 0 && uv_now(&l->uv) - start >= (uint64_t)wait) return;
  for (uint32_t i = r->cq_head; i != r->cq_tail; i++)
    if (r->cq[i].kind != CUV_EV_CHECK) return;
  r->quiet = r->cq_tail - r->cq_head;
  r->events -= r->quiet;
  r->cq_tail = r->cq_head;
}

/* One turn: drain, run libuv once, and leave the events in the ring. The poll
 * does not block while events wait. force: Go ran idle or prepare callbacks for
 * this round, so it takes place even if the loop has died since. Returns the
 * number of events in the ring. */
int cuv_turn(cuv_loop *l, int mode, int force) {
  cuv_ring *r = &l->ring;
  if (l->shed) cuv_shed_end(l);
  int lends = compact(l);
  cuv_drain(l);
  if (!lends) {
    give_back(l);
    r->in_len = 0; /* only now: writes may have come from the arena */
  }
  r->deferred = 0;
  r->busy = 0;
  r->waited = 0;
  r->quiet = 0;
  l->turn++;
  if (l->short_of == 0) l->era++;
  l->short_of = 0;
  r->turns++;

  if (mode == CUV_RUN_TIMERS) {
    r->alive = (uint32_t)run_timers(l);
  } else if (!uv_loop_alive(&l->uv)) {
    uv_update_time(&l->uv); /* as uv_run does */
    r->alive = force ? (uint32_t)run_forced(l) : 0;
  } else {
    if (r->cq_head != r->cq_tail) mode = CUV_RUN_NOWAIT;
    /* A poll that may wait for a timer counts from now; the others refresh the
     * clock themselves, before timers run. */
    int wait = mode == CUV_RUN_NOWAIT ? 0 : patience(l);
    if (mode == CUV_RUN_ONCE && wait > 0) uv_update_time(&l->uv);
    uint64_t start = uv_now(&l->uv);
    r->alive = (uint32_t)cuv_run(l, mode == CUV_RUN_ONCE ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    uv_metrics_t m;
    uv_metrics_info(&l->uv, &m);
    r->busy = (uint32_t)(m.events - l->polled);
    l->polled = m.events;
    if (r->busy != 0) pace(l);
    if (mode == CUV_RUN_LOOK && wait != 0) still_waits(l, wait, start);
    if (l->listeners != 0) {
      cuv_shed(l);
      back_off(l);
    }
  }
  cuv_fs_event_turn(l);
  if (r->alive) r->alive = (uint32_t)cuv_host_alive(l);
  if (!r->alive && l->uv.closing_handles != NULL) uv_run(&l->uv, UV_RUN_NOWAIT); /* nobody waits for their end */
  r->now_ms = uv_now(&l->uv);
  r->timeout = uv_backend_timeout(&l->uv);
  r->stale = 0;
  return (int)(r->cq_tail - r->cq_head);
}
