/* uvbench-misc.c: the thread pool, and children. */
#include "uvbench.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { STATS = 50000, CONCURRENT = 10, LOOKUPS = 50000, CHILDREN = 200, LEAST_CHILDREN = 3 };

/* SPAWN_NS is how long spawn_heap spawns. */
#define SPAWN_NS 300000000u

static uint64_t done;

/* fs_stat: ten stats at a time. */
static void on_stat(uv_fs_t *req) {
  check((int)req->result, "stat");
  uv_fs_req_cleanup(req);
  if (++done + CONCURRENT <= STATS) check(uv_fs_stat(uv_default_loop(), req, ".", on_stat), "uv_fs_stat");
}

uint64_t fs_stat(void) {
  static uv_fs_t reqs[CONCURRENT];
  start();
  for (int i = 0; i < CONCURRENT; i++) check(uv_fs_stat(uv_default_loop(), &reqs[i], ".", on_stat), "uv_fs_stat");
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  return done;
}

/* getaddrinfo of a literal, ten at a time. */
static void on_address(uv_getaddrinfo_t *req, int status, struct addrinfo *res) {
  check(status, "getaddrinfo");
  uv_freeaddrinfo(res);
  if (++done + CONCURRENT <= LOOKUPS)
    check(uv_getaddrinfo(uv_default_loop(), req, on_address, "127.0.0.1", NULL, NULL), "uv_getaddrinfo");
}

uint64_t getaddrinfo_literal(void) {
  static uv_getaddrinfo_t reqs[CONCURRENT];
  start();
  for (int i = 0; i < CONCURRENT; i++)
    check(uv_getaddrinfo(uv_default_loop(), &reqs[i], on_address, "127.0.0.1", NULL, NULL), "uv_getaddrinfo");
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  return done;
}

/* spawn: one child after the other. */
static uv_process_t child;
static char program[4096];
static bool by_time;

static void next_child(uv_handle_t *h);

static void on_exit_child(uv_process_t *p, int64_t status, int sig) {
  if (status != 0 || sig != 0) fail("the child failed");
  uv_close((uv_handle_t *)p, next_child);
}

/* enough is whether so many children were spawned. */
static bool enough(void) {
  if (!by_time) return done == CHILDREN;
  return done >= LEAST_CHILDREN && elapsed_ns() >= SPAWN_NS;
}

static void next_child(uv_handle_t *h) {
  (void)h;
  if (enough()) return;
  done++;
  char *args[] = {program, by_time ? NULL : (char *)"nothing", NULL};
  uv_process_options_t options = {.file = program, .args = args, .exit_cb = on_exit_child};
  check(uv_spawn(uv_default_loop(), &child, &options), "uv_spawn");
}

uint64_t spawn(void) {
  size_t n = sizeof program;
  check(uv_exepath(program, &n), "uv_exepath");
  start();
  next_child(NULL);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  return CHILDREN;
}

/* spawn_heap: one child after the other for a time, with so many GiB of heap touched. */
uint64_t spawn_heap(void) {
  size_t size = (size_t)heap_gib << 30;
  char *heap = size > 0 ? alloc(size) : NULL;
  if (heap != NULL) memset(heap, 1, size);
  strcpy(program, "/bin/true");
  by_time = true;
  start();
  next_child(NULL);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  if (heap != NULL && heap[size / 2] != 1) fail("the heap has changed");
  return done; /* to free the heap would take time that does not count */
}
