#include "load.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_EVENTS = 1024 };

struct conn {
  int fd;
  uint32_t id;
  uint64_t seq;     /* of the message under way */
  size_t sent, got; /* its bytes sent and received */
  uint64_t started; /* when its first byte was handed to the kernel */
  uint64_t replies; /* inside the measured window */
};

struct run {
  const struct options *o;
  struct result *r;
  clockid_t server_clock;
  uint64_t window_start, window_end;
  bool measuring;
  struct conn *conns;
};

static char out[MESSAGE_MAX], in[MESSAGE_MAX + 1];

/* cpu_seconds reads a CPU clock, this process's or the server's. */
static double cpu_seconds(clockid_t clock) {
  struct timespec t;
  if (clock_gettime(clock, &t) != 0) die("CPU clock");
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* sample adds sign times the CPU clocks' readings to the result. */
static void sample(struct run *run, int sign) {
  run->r->loader_cpu += sign * cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
  if (run->o->server_pid) run->r->server_cpu += sign * cpu_seconds(run->server_clock);
}

/* lose gives up a connection: its bytes were wrong, or it broke. */
static void lose(struct conn *c, uint64_t *counter, const char *why) {
  if ((*counter)++ == 0)
    fprintf(stderr, "load: connection %u, message %llu: %s\n", c->id, (unsigned long long)c->seq, why);
  close(c->fd);
  c->fd = -1;
}

/* send_more sends what is left of the message; EPOLLOUT calls it again. */
static void send_more(struct run *run, struct conn *c) {
  size_t size = run->o->size;
  message_fill(out, size, c->id, c->seq);
  ssize_t n = send(c->fd, out + c->sent, size - c->sent, MSG_NOSIGNAL);
  if (n >= 0)
    c->sent += (size_t)n;
  else if (errno != EAGAIN && errno != EINTR)
    lose(c, &run->r->closed, strerror(errno));
}

/* complete records an echo that came back whole and sends the next message. */
static void complete(struct run *run, struct conn *c) {
  uint64_t now = now_ns();
  if (!run->measuring && now >= run->window_start) {
    run->measuring = true;
    run->window_start = now;
    run->window_end = now + run->o->duration_ns;
    run->r->wakes = 0;
    sample(run, -1);
  } else if (run->measuring) {
    hist_add(&run->r->latency, now - c->started);
    c->replies++;
  }
  c->seq++;
  c->sent = c->got = 0;
  c->started = now;
  send_more(run, c);
}

/* receive checks what has arrived; it returns whether anything had. A read
   that does not fill its buffer has emptied the socket, so edge-triggered
   polling needs a second one only where the peer has also hung up. */
static bool receive(struct run *run, struct conn *c) {
  size_t left = run->o->size - c->got;
  ssize_t n = recv(c->fd, in, left + 1, 0); /* + 1: notice surplus bytes */
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (n <= 0) {
    lose(c, &run->r->closed, n == 0 ? "the server closed the connection" : strerror(errno));
    return true;
  }
  if ((size_t)n > left) {
    lose(c, &run->r->corrupt, "more bytes came back than were sent");
    return true;
  }
  ptrdiff_t wrong = message_check(in, (size_t)n, c->got, c->id, c->seq);
  if (wrong >= 0) {
    char why[64];
    snprintf(why, sizeof why, "byte %td of the echo is wrong", wrong);
    lose(c, &run->r->corrupt, why);
    return true;
  }
  c->got += (size_t)n;
  if (c->got == run->o->size) complete(run, c);
  return true;
}

/* on_event handles what epoll reports of one connection. */
static void on_event(struct run *run, struct conn *c, uint32_t events) {
  bool hangup = events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);
  if (c->sent < run->o->size) send_more(run, c);
  if (events & EPOLLIN || hangup)
    while (c->fd >= 0 && receive(run, c) && hangup) {
    }
}

/* connect_all opens the connections and starts the first message on each. */
static void connect_all(struct run *run, int ep) {
  for (uint32_t i = 0; i < run->o->conns; i++) {
    struct conn *c = &run->conns[i];
    c->id = i;
    c->fd = dial(run->o, i);
    if (fcntl(c->fd, F_SETFL, O_NONBLOCK) != 0) die("O_NONBLOCK");
    struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
    if (epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev) != 0) die("epoll_ctl");
  }
  for (uint32_t i = 0; i < run->o->conns; i++) {
    run->conns[i].started = now_ns();
    send_more(run, &run->conns[i]);
  }
}

/* wait_ms is how long epoll_wait may sleep; a silent server must not hold us. */
static int wait_ms(const struct run *run, uint64_t now) {
  if (run->o->spin) return 0;
  return now < run->window_end ? (int)((run->window_end - now) / 1000000) + 1 : 0;
}

void run_echo(const struct options *o, struct result *r) {
  struct run run = {.o = o, .r = r, .conns = calloc(o->conns, sizeof *run.conns)};
  int ep = epoll_create1(EPOLL_CLOEXEC);
  if (run.conns == NULL || ep < 0) die("set-up");
  if (o->server_pid && clock_getcpuclockid(o->server_pid, &run.server_clock) != 0)
    fail("cannot read the CPU time of process %d", (int)o->server_pid);
  if (!o->server_pid) r->server_cpu = -1;
  message_init();
  connect_all(&run, ep);

  run.window_start = now_ns() + o->warmup_ns;
  run.window_end = run.window_start + o->duration_ns;
  static struct epoll_event events[MAX_EVENTS];
  uint64_t polled, now = now_ns(), idle = 0;
  while ((polled = now) < run.window_end && r->corrupt + r->closed < o->conns) {
    int n = epoll_wait(ep, events, MAX_EVENTS, wait_ms(&run, now));
    if (n < 0 && errno != EINTR) die("epoll_wait");
    r->wakes += n > 0;
    for (int i = 0; i < n; i++) on_event(&run, events[i].data.ptr, events[i].events);
    now = now_ns();
    if (n == 0 && run.measuring) idle += now - polled;
  }
  if (run.measuring) {
    r->seconds = (double)(now_ns() - run.window_start) * 1e-9;
    sample(&run, +1);
    if (o->spin) r->loader_cpu = r->seconds - (double)idle * 1e-9;
  }
  for (uint32_t i = 0; i < o->conns; i++)
    if (run.conns[i].fd >= 0) {
      r->stalled += run.conns[i].replies == 0;
      close(run.conns[i].fd);
    }
  close(ep);
  free(run.conns);
}
