/* uvbench: the workloads of bench-libuv in C; bench/uvbench does the same in Go.

   uvbench NAME [GIB] prints {"ops":…,"seconds":…,"server_cpu_s":…}, where GIB is for
   spawn_heap alone; uvbench exits at once with status
   0 when called as "uvbench nothing", which is the child of spawn. */
#include "uvbench.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
  const char *name;
  workload *run;
} workloads[] = {
    {"loop_count", loop_count},           {"timer_start_stop", timer_start_stop},
    {"million_timers", million_timers},   {"async_pummel_4", async_pummel_4},
    {"post_pummel_1", post_pummel_1},     {"post_pummel_4", post_pummel_4},
    {"ping_pongs", ping_pongs},           {"spawn_heap", spawn_heap},
    {"ping_udp100", ping_udp100},         {"tcp_write_batch", tcp_write_batch},
    {"tcp_pump1", tcp_pump1},             {"tcp_pump100", tcp_pump100},
    {"pipe_pump100", pipe_pump100},       {"tcp4_pound_1000", tcp4_pound_1000},
    {"udp_pummel_10v100", udp_pummel_10v100}, {"fs_stat", fs_stat},
    {"getaddrinfo", getaddrinfo_literal}, {"spawn", spawn},
};

static uint64_t started;
static double started_cpu;
static char buffer[64 * 1024];
unsigned heap_gib;

/* cpu_seconds is this process's CPU time. */
static double cpu_seconds(void) {
  struct timespec t;
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0) die("CPU clock");
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void start(void) {
  started_cpu = cpu_seconds();
  started = now_ns();
}

uint64_t elapsed_ns(void) { return now_ns() - started; }

void check(int status, const char *what) {
  if (status < 0) fail("%s: %s", what, uv_strerror(status));
}

void *alloc(size_t n) {
  void *p = malloc(n);
  if (p == NULL) fail("out of memory");
  return p;
}

void shared_buffer(uv_handle_t *h, size_t suggested, uv_buf_t *buf) {
  (void)h, (void)suggested;
  *buf = uv_buf_init(buffer, sizeof buffer);
}

static void close_one(uv_handle_t *h, void *arg) {
  (void)arg;
  if (!uv_is_closing(h)) uv_close(h, NULL);
}

void close_loop(void) {
  uv_loop_t *loop = uv_default_loop();
  uv_walk(loop, close_one, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  check(uv_loop_close(loop), "uv_loop_close");
}

int main(int argc, char **argv) {
  if (argc != 2 && argc != 3) fail("usage: uvbench NAME [GIB]");
  if (argc == 3) heap_gib = (unsigned)strtoul(argv[2], NULL, 10);
  if (strcmp(argv[1], "nothing") == 0) return 0;
  signal(SIGPIPE, SIG_IGN);
  raise_nofile(8192);
  for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++) {
    if (strcmp(argv[1], workloads[i].name) != 0) continue;
    uint64_t ops = workloads[i].run();
    double seconds = (double)elapsed_ns() * 1e-9;
    printf("{\"ops\":%llu,\"seconds\":%.9f,\"server_cpu_s\":%.9f}\n", (unsigned long long)ops, seconds,
           cpu_seconds() - started_cpu);
    close_loop();
    return 0;
  }
  fail("no workload %s", argv[1]);
}
