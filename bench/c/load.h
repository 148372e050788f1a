/* load.h: the load generator's two modes and what they share. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "common.h"
#include "histogram.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct options {
  struct sockaddr_in server;
  uint32_t conns;
  size_t size;
  uint64_t warmup_ns, duration_ns;
  pid_t server_pid; /* 0: do not read the server's CPU time */
  bool spin;        /* poll without ever sleeping */
  bool json;
};

struct result {
  double seconds;                  /* length of the measured window */
  double loader_cpu, server_cpu;   /* seconds of CPU time inside it; with spin the loader's is
                                      the time outside empty polls; server -1 if unknown */
  uint64_t wakes;                  /* epoll_wait calls that returned events */
  uint64_t corrupt, closed, stalled; /* connections: wrong bytes, lost, without any reply */
  struct histogram latency;        /* one entry per request */
};

/* dial connects connection number i. Every 4,000 use another loopback source
   address: one has some 28,000 ports, and the kernel's search for a free one
   grows slow long before the last. */
int dial(const struct options *o, uint32_t i);

/* run_echo is the closed loop: each connection sends a message, waits for all
   of its echo, checks every byte, sends the next. */
void run_echo(const struct options *o, struct result *r);

/* run_idle opens all connections, echoes one message on each, prints
   "ready N", and keeps them idle until its standard input ends. */
void run_idle(const struct options *o);

#endif
