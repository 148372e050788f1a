/* uvbench.h: the workloads of bench-libuv, written on libuv in C. */
#ifndef UVBENCH_H
#define UVBENCH_H

#include "common.h"

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/* A workload runs to its end and returns how many operations it did; the time
   between start() and its return is what counts. */
typedef uint64_t workload(void);

/* start begins the measured time. */
void start(void);

/* elapsed_ns is the time since start. */
uint64_t elapsed_ns(void);

/* heap_gib is the second argument of spawn_heap. */
extern unsigned heap_gib;

/* check ends the program when a call that must not fail did. */
void check(int status, const char *what);

/* alloc is malloc that cannot fail. */
void *alloc(size_t n);

/* close_loop closes what is open on the default loop, and the loop. */
void close_loop(void);

/* shared_buffer lends every read the same buffer. */
void shared_buffer(uv_handle_t *h, size_t suggested, uv_buf_t *buf);

workload loop_count, timer_start_stop, million_timers;
workload async_pummel_4, post_pummel_1, post_pummel_4;
workload ping_pongs, tcp_write_batch, tcp_pump1, tcp_pump100, pipe_pump100, tcp4_pound_1000;
workload ping_udp100, udp_pummel_10v100;
workload fs_stat, getaddrinfo_literal, spawn, spawn_heap;

#endif
