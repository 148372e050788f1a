/* pool.c: libuv's threads must not receive signals: Go's threads handle them. */
#ifndef _WIN32
#include <pthread.h>
#include <signal.h>
#endif
#include <stdatomic.h>

#include "cuv.h"

static atomic_int started; /* libuv makes its threads for the first request */

#ifdef _WIN32
/* There are no signals to block. */
static void block(void) {}
static void unblock(void) {}
#else
static _Thread_local sigset_t before; /* the mask of this thread between enter and leave */

/* Blocks all signals. */
static void block(void) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
}

/* Puts back the mask of before. */
static void unblock(void) { pthread_sigmask(SIG_SETMASK, &before, NULL); }
#endif

/* Nothing to do: the request has made the threads. */
static void on_random(uv_random_t *req, int status, void *buf, size_t len) {
  (void)req, (void)status, (void)buf, (void)len;
}

/* Makes the threads by a request of our own, on a loop of its own: the caller's
 * may yet be refused. Two callers at once do no harm. */
static int start_threads(void) {
  uv_loop_t loop;
  uv_random_t req;
  char byte;
  if (cuv_uv_loop_init(&loop) != 0) return 0;
  int r = uv_random(&loop, &req, &byte, 1, 0, on_random);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
  return r == 0;
}

/* Call before every request that uses the pool, cuv_pool_leave after it, on the same thread:
 * the threads are made in between, and inherit a mask that blocks all signals. SIGPIPE, for one, would end
 * the process on such a thread, because Go's handler ignores it only on Go's threads. */
int cuv_pool_enter(void) {
  if (atomic_load_explicit(&started, memory_order_acquire)) return 0;
  block();
  if (start_threads()) atomic_store_explicit(&started, 1, memory_order_release);
  return 1;
}

/* Ends what cuv_pool_enter began, with its result. */
void cuv_pool_leave(int entered) {
  if (entered) unblock();
}
