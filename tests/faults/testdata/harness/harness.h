/* harness.h: a program of C that drives cuv as Go does, by submissions, turns and
 * events, so that tools for C see all of it: valgrind, sanitizers, and allocations that
 * fail.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "cuv.h"

/* alloc.c: what cuv and libuv allocate. The linker leads their calls here (--wrap). */
void alloc_fail(long n, int onwards); /* fail the n-th allocation from now on, and with onwards all behind it; 0: none */
void alloc_hold(int on);              /* with 1 none fails, until 0 */
long alloc_failed(void);              /* how many have failed */
long alloc_live(void);                /* pieces of memory that have not been freed */

/* drive.c */

/* A slot: what Go's object is for an event. */
typedef struct slot {
  void (*on)(struct slot *s, const cuv_cqe *e);
  cuv_handle *h; /* NULL once closed */
  void *arg;
  int32_t status; /* of the last event */
  uint32_t events;
  uint64_t bytes; /* read */
  int closed;
} slot;

enum { slots_max = 64 };

typedef struct world {
  cuv_loop *l;
  slot slots[slots_max];
  uint32_t used;
  int errors; /* ENOMEM that was reported */
} world;

extern world w;

slot *slot_new(void (*on)(slot *, const cuv_cqe *));
uint32_t slot_index(const slot *s);
slot *handle_new(int kind, void (*on)(slot *, const cuv_cqe *)); /* NULL: out of memory */
void submit(cuv_sqe e);
void submit_handle(int op, slot *s);
void submit_write(slot *s, slot *req, const char *p, size_t n);
void turn(void);               /* one turn, and its events */
void turns(int (*done)(void)); /* until done, or nothing keeps the loop alive */
int ok(int r, const char *what); /* 1: r is no error; 0: it is want of memory; any other ends the program */
void fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
int world_open(void); /* 0: out of memory */
void world_close(void);
void close_all(void);

/* Bytes of which each tells its place. */
static inline char pattern(uint64_t at) { return (char)(at * 2654435761u >> 13); }
void pattern_fill(char *p, uint64_t at, size_t n);
void pattern_check(const char *p, uint64_t at, size_t n, const char *what);

/* The scenarios. */
void scenario_loop(void);
void scenario_tcp(void);
void scenario_queue(void);
void scenario_pipe(void);
void scenario_udp(void);
void scenario_files(void);
void scenario_watch(void);
void scenario_lookups(void);
void scenario_spawn(void);
void scenario_signal(void);
void scenario_many(void);

#endif
