/* uvbench-async.c: threads wake the loop. */
#include "uvbench.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { THREADS = 4, SENDS = 4000000, POSTS = 400000 };

static uv_async_t async;
static atomic_int running;
static uv_thread_t threads[THREADS];
static int started_threads;

static void run_threads(int n, uv_thread_cb entry) {
  started_threads = n;
  atomic_store(&running, n);
  for (int i = 0; i < n; i++) check(uv_thread_create(&threads[i], entry, NULL), "uv_thread_create");
}

static void join_threads(void) {
  for (int i = 0; i < started_threads; i++) check(uv_thread_join(&threads[i]), "uv_thread_join");
}

/* async_pummel_4: the threads send, the loop sees what is left after merging. */
static void send_many(void *arg) {
  (void)arg;
  for (int i = 0; i < SENDS / THREADS; i++) check(uv_async_send(&async), "uv_async_send");
  atomic_fetch_sub(&running, 1);
  check(uv_async_send(&async), "uv_async_send");
}

static void on_async(uv_async_t *a) {
  if (atomic_load(&running) == 0) uv_close((uv_handle_t *)a, NULL);
}

uint64_t async_pummel_4(void) {
  check(uv_async_init(uv_default_loop(), &async, on_async), "uv_async_init");
  start();
  run_threads(THREADS, send_many);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  join_threads();
  return SENDS;
}

/* post_pummel_1 and _4: the threads hand over functions, in the usual way: a queue
   behind a mutex, and an async to tell of it. */
struct post {
  void (*fn)(void);
  struct post *next;
};

static uv_mutex_t mutex;
static struct post *head, **tail = &head;
static uint64_t ran;

static void count(void) { ran++; }

static void post_many(void *arg) {
  (void)arg;
  for (int i = 0; i < POSTS / started_threads; i++) {
    struct post *p = alloc(sizeof *p);
    *p = (struct post){.fn = count};
    uv_mutex_lock(&mutex);
    *tail = p;
    tail = &p->next;
    uv_mutex_unlock(&mutex);
    check(uv_async_send(&async), "uv_async_send");
  }
}

static void on_posts(uv_async_t *a) {
  uv_mutex_lock(&mutex);
  struct post *list = head;
  head = NULL;
  tail = &head;
  uv_mutex_unlock(&mutex);
  while (list != NULL) {
    struct post *p = list;
    list = p->next;
    p->fn();
    free(p);
  }
  if (ran == POSTS) uv_close((uv_handle_t *)a, NULL);
}

static uint64_t post_pummel(int n) {
  check(uv_mutex_init(&mutex), "uv_mutex_init");
  check(uv_async_init(uv_default_loop(), &async, on_posts), "uv_async_init");
  start();
  run_threads(n, post_many);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  join_threads();
  return POSTS;
}

uint64_t post_pummel_1(void) { return post_pummel(1); }
uint64_t post_pummel_4(void) { return post_pummel(THREADS); }
