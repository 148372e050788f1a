/* load.h: the load generator's modes and what they share. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "common.h"
#include "histogram.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { DEPTH_MAX = 64 };

struct options {
  struct endpoint server;
  uint32_t conns;
  size_t size;
  uint32_t depth; /* messages of a connection that are under way */
  bool churn;     /* a connection for each message */
  uint64_t limit; /* of run_flood, in bytes */
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
  uint64_t lost;                   /* datagrams without an answer */
  struct histogram latency;        /* one entry per request */
};

/* window is the measured time, with the CPU clocks that are read at both ends. It opens when
   the warm-up is over and every connection has had a reply, or GRACE_NS behind the warm-up. It closes after its time, but not
   before there is one reply, for GRACE_NS more. */
#define GRACE_NS 3000000000u

struct window {
  const struct options *o;
  struct result *r;
  clockid_t server_clock;
  uint64_t start, end, idle;
  uint64_t tick;   /* the longest that window_wait may take, 0 for no bound */
  uint32_t served; /* connections that have had a reply */
  bool open, late;
};

/* window_init prepares a window that opens after the warm-up. */
void window_init(struct window *w, const struct options *o, struct result *r);

/* window_count records the reply number seq of a connection, to a request that took from
   started to now. It returns whether that counts. */
bool window_count(struct window *w, uint64_t seq, uint64_t started, uint64_t now);

/* window_wait calls epoll_wait until the window's end at the latest, and keeps the clocks. *now is
   the time, which it sets again. It returns the number of events, -1 at the end. */
struct epoll_event;
int window_wait(struct window *w, int ep, struct epoll_event *events, int max, uint64_t *now);

/* window_close reads the clocks at the end. */
void window_close(struct window *w);

/* dial connects connection number i. Every 4,000 use another loopback source
   address: one has some 28,000 ports, and the kernel's search for a free one
   grows slow long before the last. */
int dial(const struct options *o, uint32_t i);

/* dial_again is dial with the few system calls that one message needs. */
int dial_again(const struct options *o);

/* run_echo is the closed loop: each connection sends depth messages, waits for all
   of the first one's echo, checks every byte, sends the next. */
void run_echo(const struct options *o, struct result *r);

/* run_udp is the closed loop with datagrams: each socket has one under way. */
void run_udp(const struct options *o, struct result *r);

/* run_idle opens all connections, echoes one message on each, prints
   "ready N", and keeps them idle until its standard input ends. */
void run_idle(const struct options *o);

/* run_flood opens all connections and sends on them, and never reads, until limit bytes
   are sent or the server takes no more for a second. It prints "ready BYTES", and
   keeps the connections until its standard input ends. */
void run_flood(const struct options *o);

#endif
