#include "load.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

/* cpu_seconds reads a CPU clock, this process's or the server's. */
static double cpu_seconds(clockid_t clock) {
  struct timespec t;
  if (clock_gettime(clock, &t) != 0) die("CPU clock");
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* sample adds sign times the CPU clocks' readings to the result. */
static void sample(struct window *w, int sign) {
  w->r->loader_cpu += sign * cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
  if (w->o->server_pid) w->r->server_cpu += sign * cpu_seconds(w->server_clock);
}

void window_init(struct window *w, const struct options *o, struct result *r) {
  *w = (struct window){.o = o, .r = r};
  if (o->server_pid && clock_getcpuclockid(o->server_pid, &w->server_clock) != 0)
    fail("cannot read the CPU time of process %d", (int)o->server_pid);
  if (!o->server_pid) r->server_cpu = -1;
  w->start = now_ns() + o->warmup_ns;
  w->end = w->start + GRACE_NS + o->duration_ns;
}

bool window_count(struct window *w, uint64_t seq, uint64_t started, uint64_t now) {
  if (w->open) {
    hist_add(&w->r->latency, now - started);
    return true;
  }
  w->served += seq == 0;
  if (now < w->start || (w->served < w->o->conns && now < w->start + GRACE_NS)) return false;
  w->open = true;
  w->start = now;
  w->end = now + w->o->duration_ns;
  w->r->wakes = 0;
  sample(w, -1);
  return false;
}

int window_wait(struct window *w, int ep, struct epoll_event *events, int max, uint64_t *now) {
  uint64_t polled = *now = now_ns();
  /* A slow server gets more time for one reply. */
  if (*now >= w->end && w->open && w->r->latency.total == 0 && !w->late) {
    w->late = true;
    w->end += GRACE_NS;
  }
  if (*now >= w->end || (w->late && w->r->latency.total > 0)) return -1;
  /* A silent server must not hold the load. */
  uint64_t most = w->end - *now;
  if (w->tick > 0 && w->tick < most) most = w->tick;
  int n = epoll_wait(ep, events, max, w->o->spin ? 0 : (int)(most / 1000000) + 1);
  if (n < 0 && errno != EINTR) die("epoll_wait");
  if (n > 0) w->r->wakes++;
  if (n == 0 && w->open) w->idle += now_ns() - polled;
  return n < 0 ? 0 : n;
}

void window_close(struct window *w) {
  if (!w->open) return;
  w->r->seconds = (double)(now_ns() - w->start) * 1e-9;
  sample(w, +1);
  if (w->o->spin) w->r->loader_cpu = w->r->seconds - (double)w->idle * 1e-9;
}
