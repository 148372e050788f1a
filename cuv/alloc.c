/* alloc.c: cuv's allocations of memory, which are counted while they live, and libuv's if
 * asked for. A count that is not the one of before shows a leak that no tool of Go sees.
 *
 * Memory is the C library's own: what one of these functions returned, free may free, and the
 * other way round. Then only the count is wrong.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "alloc.h"

enum { shards = 16, line = 64 };

/* Threads count in several places, each in a cache line of its own: loops on different
 * processors make and free handles all the time. One place can be below zero, because one
 * thread frees what another allocated; only the sum means something. */
static struct {
  _Alignas(line) _Atomic int64_t n;
} live[shards];

static atomic_uint threads;              /* that have got a place */
static _Thread_local unsigned own_place; /* this thread's, and one more; 0 before the first use */

/* Adds to the count of this thread's place. */
void cuv_alloc_count(int64_t n) {
  if (own_place == 0) own_place = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % shards + 1;
  atomic_fetch_add_explicit(&live[own_place - 1].n, n, memory_order_relaxed);
}

/* Counts p, unless there was no memory. */
static void *counted(void *p) {
  if (p != NULL) cuv_alloc_count(1);
  return p;
}

/* malloc. */
void *cuv_malloc(size_t n) { return counted(malloc(n)); }

/* calloc. */
void *cuv_calloc(size_t n, size_t size) { return counted(calloc(n, size)); }

/* realloc; n is not 0. */
void *cuv_realloc(void *p, size_t n) {
  void *q = realloc(p, n);
  return p == NULL ? counted(q) : q;
}

/* strdup. */
char *cuv_strdup(const char *s) { return counted(strdup(s)); }

/* free. */
void cuv_free(void *p) {
  if (p == NULL) return;
  cuv_alloc_count(-1);
  free(p);
}

/* How many allocations are alive. It is exact when no thread allocates or frees meanwhile. */
int64_t cuv_alloc_live(void) {
  int64_t n = 0;
  for (int i = 0; i < shards; i++) n += atomic_load_explicit(&live[i].n, memory_order_relaxed);
  return n;
}

/* Has libuv allocate through these functions. Call it before libuv allocates anything. It
 * replaces an allocator that the program's C code has set, so only tests do it. */
int cuv_alloc_libuv(void) { return uv_replace_allocator(cuv_malloc, cuv_realloc, cuv_calloc, cuv_free); }

/* Allocates what only the caller frees, so that a test can see that a leak is noticed. */
void *cuv_alloc_lose(void) { return cuv_malloc(1); }
