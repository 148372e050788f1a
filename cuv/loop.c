/* loop.c: uv_loop_t and the memory around it. */
#include <string.h>
#include <sys/mman.h>

#include "adopt.h"
#include "fd.h"

/* Nothing to do: a wake-up only has to end the poll. */
static void on_wake(uv_async_t *a) { (void)a; }

/* Arenas come from mmap, so that pages that were never used cost nothing. */
char *cuv_arena_new(uint32_t n) {
  void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return NULL;
  cuv_alloc_count(1);
  return p;
}

/* Releases an arena, if there is one. */
void cuv_arena_free(char *p, uint32_t n) {
  if (p == NULL) return;
  cuv_alloc_count(-1);
  munmap(p, n);
}

/* Makes a loop with its rings, arenas and internal handles. */
int cuv_loop_new(cuv_loop **out, uint32_t in_cap, uint32_t out_cap, uint32_t sq_cap) {
  cuv_loop *l = cuv_calloc(1, sizeof *l);
  if (l == NULL) return UV_ENOMEM;
  l->inotify = l->never_ready = -1;
  l->reserve = l->dropped = -1;
  cuv_ring *r = &l->ring;
  r->sq_cap = r->sq_limit = sq_cap;
  r->cq_cap = 512;
  r->in_cap = in_cap;
  r->out_cap = out_cap;
  r->sq = cuv_malloc((size_t)sq_cap * sizeof *r->sq);
  r->cq = cuv_malloc((size_t)r->cq_cap * sizeof *r->cq);
  r->in = cuv_arena_new(in_cap);
  r->out = cuv_arena_new(out_cap);
  l->max_chunks = 4;
  l->batch = l->batch_max = CUV_BATCH_MAX;
  int err = UV_ENOMEM;
  if (r->sq == NULL || r->cq == NULL || r->in == NULL || r->out == NULL) goto fail;
  if ((err = cuv_uv_loop_init(&l->uv)) != 0) goto fail;
  if ((err = uv_async_init(&l->uv, &l->wake, on_wake)) != 0) {
    uv_loop_close(&l->uv);
    goto fail;
  }
  uv_idle_init(&l->uv, &l->force);
  uv_timer_init(&l->uv, &l->timers_only);
  uv_run(&l->uv, UV_RUN_NOWAIT); /* from now on the backend descriptor shows a wake-up */
  uv_unref((uv_handle_t *)&l->wake);
  uv_unref((uv_handle_t *)&l->timers_only);
  r->now_ms = uv_now(&l->uv);
  *out = l;
  return 0;
fail:
  cuv_loop_free(l);
  return err;
}

/* Releases the memory of a closed loop. */
void cuv_loop_free(cuv_loop *l) {
  cuv_ring *r = &l->ring;
  cuv_watch_off(l);
  cuv_lend_free(l);
  cuv_fs_event_free(l);
  cuv_emfile_free(l);
  cuv_free(r->sq);
  cuv_free(r->cq);
  cuv_arena_free(r->in, r->in_cap);
  cuv_arena_free(r->out, r->out_cap);
  cuv_free(l);
}

/* Counts handles, but for the loop's own and for those without an owner that are closing. */
static void count(uv_handle_t *h, void *arg) {
  cuv_loop *l = (cuv_loop *)((char *)h->loop - offsetof(cuv_loop, uv));
  if (h == (uv_handle_t *)&l->wake || h == (uv_handle_t *)&l->force || h == (uv_handle_t *)&l->timers_only) return;
  if (h == l->keep) return;
  if (uv_is_closing(h) && cuv_of(h)->slot == CUV_NO_SLOT) return;
  ++*(int *)arg;
}

/* How many of Go's handles are open. */
int cuv_loop_handles(cuv_loop *l) {
  int n = 0;
  uv_walk(&l->uv, count, &n);
  return n;
}

/* Closes the loop; UV_EBUSY while handles are open or requests pend. The memory
 * stays until cuv_loop_free. */
int cuv_loop_close(cuv_loop *l) {
  cuv_flush(l);
  if (cuv_loop_handles(l) != 0) return UV_EBUSY;
  if (cuv_alive(l) || l->uv.closing_handles != NULL) uv_run(&l->uv, UV_RUN_NOWAIT); /* handles without an owner may still be closing */
  if (cuv_alive(l) || l->ring.cq_head != l->ring.cq_tail) return UV_EBUSY; /* that run may have ended requests */
  if (l->host != NULL) cuv_host_detach(l);
  uv_close((uv_handle_t *)&l->wake, NULL);
  uv_close((uv_handle_t *)&l->force, NULL);
  uv_close((uv_handle_t *)&l->timers_only, NULL);
  uv_run(&l->uv, UV_RUN_DEFAULT);
  int *reserve = cuv_fd_reserve(l);
  if (reserve != NULL) *reserve = cuv_stdio_lift(*reserve); /* libuv opens it anew by itself when it has run out of descriptors */
  return uv_loop_close(&l->uv);
}

static void tally(uv_handle_t *h, void *n) {
  (void)h;
  ++*(int *)n;
}

/* uv_loop_delete, or UV_EBUSY: libuv would free a loop in use. */
int cuv_uv_loop_delete(uv_loop_t *loop) {
  int handles = 0;
  uv_walk(loop, tally, &handles);
  if (handles != 0 || uv_loop_alive(loop)) return UV_EBUSY;
  uv_loop_delete(loop);
  return 0;
}

/* uv_loop_alive after the submissions have been drained. */
int cuv_loop_alive(cuv_loop *l) {
  cuv_flush(l);
  return (int)l->ring.alive;
}

/* uv_backend_timeout after the submissions have been drained. */
int cuv_loop_backend_timeout(cuv_loop *l) {
  cuv_flush(l);
  return uv_backend_timeout(&l->uv);
}

/* The descriptor that polls all others. */
int cuv_loop_backend_fd(cuv_loop *l) { return uv_backend_fd(&l->uv); }

/* Refreshes the cached clock. Timers submitted before it are started first:
 * their due times count from the clock of then. */
void cuv_loop_update_time(cuv_loop *l) {
  cuv_flush(l);
  uv_update_time(&l->uv);
  l->ring.now_ms = uv_now(&l->uv);
}

/* Keeps the loop alive without a handle of the user's, or no longer. */
void cuv_loop_hold(cuv_loop *l, int on) {
  l->ring.stale = 1;
  cuv_kick(l);
  if (on)
    uv_ref((uv_handle_t *)&l->wake);
  else
    uv_unref((uv_handle_t *)&l->wake);
}

/* Ends a blocking poll; the one function here that any thread may call. */
int cuv_loop_wake(cuv_loop *l) { return uv_async_send(&l->wake); }

/* The monotonic clock in nanoseconds, which loop times are taken from. */
uint64_t cuv_hrtime(void) { return uv_hrtime(); }
