/* uvbench: the workloads of bench-libuv in C; bench/uvbench does the same in Go.

   uvbench NAME prints {"ops":…,"seconds":…}; uvbench exits at once with status
   0 when called as "uvbench nothing", which is the child of spawn. */
#include "uvbench.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *name;
  workload *run;
} workloads[] = {
    {"loop_count", loop_count},           {"timer_start_stop", timer_start_stop},
    {"million_timers", million_timers},   {"async_pummel_4", async_pummel_4},
    {"post_pummel_4", post_pummel_4},     {"ping_pongs", ping_pongs},
    {"ping_udp100", ping_udp100},         {"tcp_write_batch", tcp_write_batch},
    {"tcp_pump1", tcp_pump1},             {"tcp_pump100", tcp_pump100},
    {"pipe_pump100", pipe_pump100},       {"tcp4_pound_1000", tcp4_pound_1000},
    {"udp_pummel_10v100", udp_pummel_10v100}, {"fs_stat", fs_stat},
    {"getaddrinfo", getaddrinfo_literal}, {"spawn", spawn},
};

static uint64_t started;
static char buffer[64 * 1024];

void start(void) { started = now_ns(); }

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
  if (argc != 2) fail("usage: uvbench NAME");
  if (strcmp(argv[1], "nothing") == 0) return 0;
  signal(SIGPIPE, SIG_IGN);
  raise_nofile(8192);
  for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++) {
    if (strcmp(argv[1], workloads[i].name) != 0) continue;
    uint64_t ops = workloads[i].run();
    double seconds = (double)(now_ns() - started) * 1e-9;
    printf("{\"ops\":%llu,\"seconds\":%.9f}\n", (unsigned long long)ops, seconds);
    close_loop();
    return 0;
  }
  fail("no workload %s", argv[1]);
}
