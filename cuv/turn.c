/* turn.c: one turn of a loop: drain, one run of libuv, and what follows from what it
 * brought. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "cuv.h"

/* Ends a timers-only run. */
static void on_timers_only(uv_timer_t *t) { uv_stop(t->loop); }

/* Keeps the loop alive for the forced round. */
static void on_force(uv_idle_t *t) { (void)t; }

/* Runs the timers that are due and nothing else: uv_run(DEFAULT) does so before
 * its first round, and an unreferenced timer of our own stops it there. */
static int run_timers(cuv_loop *l) {
  uv_timer_start(&l->timers_only, on_timers_only, 0, 0);
  int alive = uv_run(&l->uv, UV_RUN_DEFAULT);
  uv_timer_stop(&l->timers_only);
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

/* When turns poll again and again without an event and the process is out of
 * descriptors, sleeps a little: a listener that cannot accept for want of one stays
 * readable, and the loop would spin. */
static void back_off(cuv_loop *l) {
  if (l->ring.cq_head != l->ring.cq_tail || l->ring.ready == 0) {
    l->empty_polls = 0;
    return;
  }
  if (++l->empty_polls < 16) return;
  int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    close(fd);
    l->empty_polls = 0;
  } else if (errno == EMFILE || errno == ENFILE) {
    struct timespec ms = {0, 5 * 1000 * 1000};
    nanosleep(&ms, NULL);
  }
}

enum {
  arena_keep = 1 << 20, /* bytes of the read arena that stay */
  arena_turns = 1024,   /* turns that do with them before the others go */
};

/* Gives the kernel back the pages that a burst needed of the read arena, once turns
 * do without them. */
static void release_arena(cuv_loop *l) {
  cuv_ring *r = &l->ring;
  if (r->in_len > arena_keep) {
    l->arena_large = 1;
    l->arena_small = 0;
  } else if (l->arena_large && ++l->arena_small == arena_turns) {
    madvise(r->in + arena_keep, r->in_cap - arena_keep, MADV_DONTNEED);
    l->arena_large = 0;
  }
}

enum {
  batch_bytes = 512 << 10, /* what a turn reads of messages, if there is more */
  bulk_bytes = 32 << 10,   /* a descriptor that brings more at once brings bulk data, not messages */
};

/* Decides how many descriptors the next poll takes, by what those of this turn
 * brought: large messages are answered while the cache still holds them. Bulk
 * data goes better in long turns, in which its senders' buffers run empty. */
static void set_batch(cuv_loop *l) {
  uint32_t each = (l->ring.in_len - l->ring.in_base) / l->ring.ready;
  uint32_t n = each == 0 || each > bulk_bytes ? l->batch_max : batch_bytes / each;
  if (n > l->batch * 2) n = l->batch * 2;
  if (n < CUV_BATCH_MIN) n = CUV_BATCH_MIN;
  l->batch = n < l->batch_max ? n : l->batch_max;
}

/* How long uv_run's poll would wait now, in ms, -1 without limit. While the kernel
 * has not been told of all that is to be polled uv_backend_timeout returns 0, although
 * the poll tells it first and then waits. So that list is hidden from it. */
static int poll_timeout(cuv_loop *l) {
  struct uv__queue *untold = &l->uv.watcher_queue, list = *untold;
  untold->next = untold->prev = untold; /* empty */
  int ms = uv_backend_timeout(&l->uv);
  *untold = list;
  return ms;
}

/* Ends a turn of CUV_RUN_PROBE. A poll that blocked would still wait if no descriptor is
 * ready and, wait ms after the clock showed start, no timer was due. Then there was
 * no round, and its check callbacks must not run: the events of check handles, and
 * there are no others, are taken back. */
static void retract_checks(cuv_loop *l, int wait, uint64_t start) {
  cuv_ring *r = &l->ring;
  if (r->ready != 0) return;
  if (wait > 0 && uv_now(&l->uv) - start >= (uint64_t)wait) return;
  for (uint32_t i = r->cq_head; i != r->cq_tail; i++)
    if (r->cq[i].kind != CUV_EV_CHECK) return;
  r->retracted = r->cq_tail - r->cq_head;
  r->events -= r->retracted;
  r->cq_tail = r->cq_head;
}

/* Runs one round of libuv in a loop that is alive. */
static void run_round(cuv_loop *l, int mode) {
  cuv_ring *r = &l->ring;
  if (r->cq_head != r->cq_tail) mode = CUV_RUN_NOWAIT;
  /* A poll that may wait for a timer counts from now; the others refresh the
   * clock themselves, before timers run. */
  int wait = mode == CUV_RUN_NOWAIT ? 0 : poll_timeout(l);
  if (mode == CUV_RUN_ONCE && wait > 0) uv_update_time(&l->uv);
  uint64_t start = uv_now(&l->uv);
  r->alive = (uint32_t)cuv_run(l, mode == CUV_RUN_ONCE ? UV_RUN_ONCE : UV_RUN_NOWAIT);
  uv_metrics_t m;
  uv_metrics_info(&l->uv, &m);
  r->ready = (uint32_t)(m.events - l->polled);
  l->polled = m.events;
  if (r->ready != 0) set_batch(l);
  if (mode == CUV_RUN_PROBE && wait != 0) retract_checks(l, wait, start);
  if (l->listeners != 0) {
    cuv_emfile_drop(l);
    back_off(l);
  }
}

/* Begins a turn: what the last one left is taken back. */
static void begin(cuv_loop *l) {
  cuv_ring *r = &l->ring;
  if (l->has_dropped) cuv_emfile_end(l);
  int borrowed = cuv_ring_compact(l);
  cuv_drain(l);
  if (!borrowed) {
    release_arena(l);
    r->in_len = r->in_base; /* only now: writes may have come from the arena */
  }
  r->deferred = 0;
  r->ready = 0;
  r->waited = 0;
  r->retracted = 0;
  l->turn++;
  if (l->starved == 0) l->round++;
  l->starved = 0;
  r->turns++;
}

/* One turn: drain, run libuv once, and leave the events in the ring. The poll
 * does not block while events wait. force: Go ran idle or prepare callbacks for
 * this round, so it takes place even if the loop has died since. Returns the
 * number of events in the ring. */
int cuv_turn(cuv_loop *l, int mode, int force) {
  cuv_ring *r = &l->ring;
  begin(l);
  if (mode == CUV_RUN_TIMERS) {
    r->alive = (uint32_t)run_timers(l);
  } else if (uv_loop_alive(&l->uv)) {
    run_round(l, mode);
  } else {
    uv_update_time(&l->uv); /* as uv_run does */
    r->alive = force ? (uint32_t)run_forced(l) : 0;
  }
  cuv_fs_event_turn(l);
  if (r->alive) r->alive = (uint32_t)cuv_alive(l);
  if (!r->alive && l->uv.closing_handles != NULL) uv_run(&l->uv, UV_RUN_NOWAIT); /* only handles without an owner are closing */
  r->now_ms = uv_now(&l->uv);
  r->timeout = uv_backend_timeout(&l->uv);
  r->stale = 0;
  return (int)(r->cq_tail - r->cq_head);
}
