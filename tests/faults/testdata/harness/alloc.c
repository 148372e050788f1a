/* alloc.c: the allocator that cuv and libuv call in this program: that of the C library,
 * but for what is to fail. What the C library allocates by itself does not come here. */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "harness.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long next_fail; /* 0: none */
static int fail_on;
static int held;
static long failed;

/* The pieces that live, so that free of what the C library made counts nothing. */
enum { table_size = 1 << 16 };
static void *table[table_size];
static long live;

static size_t place(const void *p) { return ((uintptr_t)p >> 4) * 11400714819323198485ull >> 48; }

static void note(void *p) {
  size_t i = place(p);
  while (table[i] != NULL && table[i] != (void *)1) i = (i + 1) % table_size;
  table[i] = p;
  live++;
}

static void forget(const void *p) {
  for (size_t i = place(p); table[i] != NULL; i = (i + 1) % table_size) {
    if (table[i] != p) continue;
    table[i] = (void *)1; /* others lie behind it */
    live--;
    return;
  }
}

void alloc_fail(long n, int onwards) {
  pthread_mutex_lock(&mutex);
  next_fail = n;
  fail_on = onwards;
  pthread_mutex_unlock(&mutex);
}

void alloc_hold(int on) { held = on; }

long alloc_failed(void) { return __atomic_load_n(&failed, __ATOMIC_RELAXED); }
long alloc_live(void) { return __atomic_load_n(&live, __ATOMIC_RELAXED); }

/* Whether this allocation fails. */
static int refuse(void) {
  if (next_fail == 0 || held) return 0;
  if (next_fail > 1) return next_fail--, 0;
  if (!fail_on) next_fail = 0;
  failed++;
  errno = ENOMEM;
  return 1;
}

void *__wrap_malloc(size_t n) {
  pthread_mutex_lock(&mutex);
  void *p = refuse() ? NULL : __real_malloc(n);
  if (p != NULL) note(p);
  pthread_mutex_unlock(&mutex);
  return p;
}

void *__wrap_calloc(size_t n, size_t size) {
  pthread_mutex_lock(&mutex);
  void *p = refuse() ? NULL : __real_calloc(n, size);
  if (p != NULL) note(p);
  pthread_mutex_unlock(&mutex);
  return p;
}

void *__wrap_realloc(void *old, size_t n) {
  pthread_mutex_lock(&mutex);
  void *p = NULL;
  if (!refuse()) {
    uintptr_t was = (uintptr_t)old; /* old is no pointer any more afterwards */
    p = __real_realloc(old, n);
    if (p != NULL || n == 0) forget((void *)was);
    if (p != NULL) note(p);
  }
  pthread_mutex_unlock(&mutex);
  return p;
}

char *__wrap_strdup(const char *s) {
  size_t n = strlen(s) + 1;
  char *p = __wrap_malloc(n);
  return p == NULL ? NULL : memcpy(p, s, n);
}

void __wrap_free(void *p) {
  pthread_mutex_lock(&mutex);
  if (p != NULL) forget(p);
  __real_free(p);
  pthread_mutex_unlock(&mutex);
}
